/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "auth/password.h"
#include "base/rand.h"
#include "check.h"

/* --- what is good enough -------------------------------------------------- */

struct wanted {
    struct str password;
    enum problem why;
};
#define GOOD PROBLEM__COUNT

static const struct str email = STR_INIT("Jean.Dupont-Martin@corp.example.org");
static const struct str name = STR_INIT("Élodie Dupont");

static void check_all(const struct wanted *row, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        enum problem why = GOOD;
        struct str detail;
        enum status st =
            password_check(row[i].password, email, name, &why, &detail);

        CHECK(why == row[i].why, "%.*s: %s", STR_ARG(row[i].password),
              why == GOOD ? "good" : problem_code(why));
        CHECK(st == (row[i].why == GOOD ? ST_OK : ST_INVALID), "%.*s: %s",
              STR_ARG(row[i].password), status_name(st));
    }
}

#define LONGEST_BUT_ONE                                                        \
    "Kq3vT9xw Lm2pR7yz Bn5sD8fg Hj4kW6cv Xz1qE0rt Yu9iO3pa "                   \
    "Sd7fG5hj Kl2zX8cv"
static_assert(sizeof(LONGEST_BUT_ONE) - 1 == 71, "the longest but one");

static void form(void)
{
    static const struct wanted row[] = {
        { STR_INIT(""), PROBLEM_PASSWORD_SHORT },
        { STR_INIT("Kq3vT9x"), PROBLEM_PASSWORD_SHORT },
        { STR_INIT("Kq3vT9xw"), GOOD },
        { STR_INIT("éàüö"), GOOD }, /* eight bytes */
        { STR_INIT(LONGEST_BUT_ONE), GOOD },
        { STR_INIT(LONGEST_BUT_ONE "!"), GOOD },
        { STR_INIT(LONGEST_BUT_ONE "!!"), PROBLEM_PASSWORD_LONG },
        { STR_INIT("Kq3vT9xw\0Lm2"), PROBLEM_PASSWORD_CHARS },
        { STR_INIT("Kq3vT9xw\n"), PROBLEM_PASSWORD_CHARS },
        { STR_INIT("Kq3v\tT9xw"), PROBLEM_PASSWORD_CHARS },
        { STR_INIT("Kq3vT9xw\x7f"), PROBLEM_PASSWORD_CHARS },
        { STR_INIT("Kq3vT9xw\xc2\x85"), PROBLEM_PASSWORD_CHARS },
        { STR_INIT("Kq3vT9xw\xc2\xa0"), GOOD }, /* a no-break space */
        { STR_INIT("Kq3vT9xw\xff"), PROBLEM_PASSWORD_CHARS },
        { STR_INIT("Kq3vT9xw\xc3"), PROBLEM_PASSWORD_CHARS },
        { STR_INIT("Kq3vT9xw\xed\xa0\x80"), PROBLEM_PASSWORD_CHARS },
    };

    check_all(row, COUNT(row));
}

static void easy(void)
{
    static const char *const row[] = {
        /* as they are */
        "password",
        "12345678",
        "123456789",
        "1234567890",
        "baseball",
        "football",
        "superman",
        "trustno1",
        "jennifer",
        "sunshine",
        "iloveyou",
        "starwars",
        "computer",
        "michelle",
        "princess",
        "corvette",
        "internet",
        "samantha",
        "whatever",
        "maverick",
        "password1",
        "abcd1234",
        "1q2w3e4r",
        "1qaz2wsx",
        "motdepasse",
        "azertyuiop",
        "qwertyuiop",
        "administrator",
        "changeme",
        "appliance",
        "letmein1",
        /* in another case, with something around */
        "PassWord",
        "Password1",
        "password123",
        "Password2024!",
        "!!password",
        "123password",
        "Welcome1",
        "welcome2026",
        "Admin123",
        "admin1234!",
        "monkey12",
        "Dragon123!",
        "azerty123",
        "Azerty123!",
        "soleil75",
        "Appliance1",
        "appliance!",
        "qwerty12",
        "Summer2025",
        "Hiver2026!",
        "abc123!!",
        "trustno1!",
        "123456!!",
        "2024password",
        /* a letter as a sign */
        "p4ssw0rd",
        "p4ssw0rd1!",
        "P@ssw0rd",
        "P@$$w0rd!",
        "$unshine1",
        "pr1ncess",
        "w3lcome1",
        "adm1n!23",
        "1l0vey0u",
        "m0td3p4sse",
        "dr4g0n99",
        "b4seb4ll",
        /* over and over */
        "aaaaaaaa",
        "        ",
        "11111111",
        "abcabcabc",
        "abababab",
        "xyzxyzxyz!",
        "abcdabcd",
        "x7Kq!x7Kq!",
        "19871987",
        "Kq3vKq3vKq3v",
        "ééééééé",
        "abbababbab",
        "aabbaabba",
        /* along the keyboard or the alphabet */
        "qwertyui",
        "poiuytrewq",
        "asdfghjkl",
        "azertyui",
        "qsdfghjklm",
        "abcdefgh",
        "zyxwvuts",
        "87654321",
        "09876543",
        "qwerty123",
        "qwer1234",
        "abc12345",
        "zaq12wsx",
        "1a2b3c4d",
        "a1b2c3d4e5",
        "qazwsxedc",
        "11223344",
        "aabbccdd",
        "!@#$%^&*",
        "aaaabbbb",
        "aqwzsxedc",
        "1qaz2wsx3edc4rfv",
        "qwertyuiop[]",
        "147258369",
        "0123456789abcdef",
        "AbCdEfGh",
        "wxcvbn123",
        "1qaz@WSX",
        "!QAZ2wsx",
        "123456aa",
        /* dates */
        "14071989",
        "19890714",
        "07141989",
        "14/07/1989",
        "1989-07-14",
    };
    struct wanted want[COUNT(row)];

    for (size_t i = 0; i < COUNT(row); i++)
        want[i] = (struct wanted){ str_of(row[i]), PROBLEM_PASSWORD_COMMON };
    check_all(want, COUNT(want));
}

static void about(void)
{
    static const char *const row[] = {
        "jean.dupont-martin@corp.example.org",
        "jean.dupont-martin",
        "Jean.Dupont-Martin1",
        "jeandupont",
        "JeanDupont75",
        "dupontjean!",
        "martindupont2026",
        "élodie1234",
        "elodiedu75",
        "ElodieDupont",
        "Elodie.Dupont!",
        "3l0d1e.dup0nt",
        "example.org",
        "example2026!",
        "corp-dupont",
    };
    static const struct wanted good[] = {
        { STR_INIT("Jean rides purple horses"), GOOD },
        { STR_INIT("dupont-K9#vTx2wLq7"), GOOD },
        { STR_INIT("orgorg-vT7kLw2"), GOOD },
    };
    struct wanted want[COUNT(row)];

    for (size_t i = 0; i < COUNT(row); i++)
        want[i] = (struct wanted){ str_of(row[i]), PROBLEM_PASSWORD_ABOUT };
    check_all(want, COUNT(want));
    check_all(good, COUNT(good));
}

static void about_odd(void)
{
    static const struct {
        struct str email, name;
    } row[] = {
        { { NULL, 0 }, { NULL, 0 } },
        { STR_INIT(""), STR_INIT("") },
        { STR_INIT("@"), STR_INIT(" ") },
        { STR_INIT("..."), STR_INIT("a b c d e") },
        { STR_INIT("\xff\xfe@x"), STR_INIT("Kq\xff") },
        { STR_INIT("K@q.v"), STR_INIT("Kq 3v T9") },
    };
    char *large = malloc(100000);
    enum problem why;
    struct str detail;

    for (size_t i = 0; i < COUNT(row); i++)
        CHECK(password_check(STR("Kq3vT9xw"), row[i].email, row[i].name, &why,
                             &detail) == ST_OK,
              "row %zu", i);
    memset(large, 'q', 100000);
    CHECK(password_check(STR("Kq3vT9xw"), (struct str){ large, 100000 },
                         (struct str){ large, 100000 }, &why, &detail) == ST_OK,
          "a large name");
    free(large);
}

static void good(void)
{
    static const char *const row[] = {
        "correct horse battery staple",
        "cheval agrafe pile correct",
        "il pleut sur Nantes ce soir",
        "Tr0ub4dor&3-xk",
        "my dog eats apples",
        "password is not my password",
        "J'aime les frites le 14",
        "le soleil brille sur Brest",
        "monkey-eats-29-bananas",
        "three blind mice 3",
        "u8Gh2kLp",
        "vT7kLw2q",
        "0ZqT1mXp",
        "kP9w-3Rx",
        "6f1ed002ab5595859014ebf0951522d9",
        "Xk29fLq0",
        "83916472750183",
        "zK4!pQ7@",
        "wolf.river.stone",
        "AZ-jk-09-pq",
        "ça marche très bien",
        "пароль-Кошка-73",
        "猫が好きです",
        "4815162342x",
        "hunter2hunter3x",
        "blue47Falcon!",
        "8 tigers, 3 lions",
        "qx-Dragon-vt-19",
        "admin of the north sea",
        "xkcd936-horse",
        "Pa55 the salt, Bob",
    };
    struct wanted want[COUNT(row)];

    for (size_t i = 0; i < COUNT(row); i++)
        want[i] = (struct wanted){ str_of(row[i]), GOOD };
    check_all(want, COUNT(want));
}

/* What a password manager makes. */
static void random_ones(void)
{
    static const char *const alphabets[] = {
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789",
        "!#$%&()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "abcdefghijklmnopqrstuvwxyz",
    };
    char text[20];
    int refused = 0;

    for (int i = 0; i < 6000; i++) {
        const char *from = alphabets[i % 3];
        size_t len = 10 + (size_t)(i / 3 % 11), n = strlen(from);
        enum problem why;
        struct str detail;

        for (size_t j = 0; j < len; j++)
            text[j] = from[rand_u64() % n];
        if (password_check((struct str){ text, len }, email, name, &why,
                           &detail) != ST_OK)
            refused++;
    }
    CHECK(refused <= 3, "%d of 6000 random ones are refused", refused);
}

void test_password(void)
{
    RUN(form);
    RUN(easy);
    RUN(about);
    RUN(about_odd);
    RUN(good);
    RUN(random_ones);
}

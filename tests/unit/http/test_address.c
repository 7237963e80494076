/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "check.h"
#include "http/request.h"

static void test_text(void)
{
    static const struct {
        struct str in;
        const char *want; /* NULL: not an address */
    } row[] = {
        { STR_INIT("1.2.3.4"), "1.2.3.4" },
        { STR_INIT("255.255.255.255"), "255.255.255.255" },
        { STR_INIT("0.0.0.0"), "0.0.0.0" },
        { STR_INIT("9.10.99.100"), "9.10.99.100" },
        { STR_INIT("200.101.110.109"), "200.101.110.109" },
        { STR_INIT("::1"), "::1" },
        { STR_INIT("2001:DB8:0:0:0:0:0:1"), "2001:db8::1" },
        { STR_INIT("::ffff:1.2.3.4"), "1.2.3.4" },
        { STR_INIT("::FFFF:102:304"), "1.2.3.4" },
        { STR_INIT("::"), "::" },
        { STR_INIT(""), NULL },
        { STR_INIT("1.2.3"), NULL },
        { STR_INIT("1.2.3.4.5"), NULL },
        { STR_INIT("1.2.3.256"), NULL },
        { STR_INIT("01.2.3.4"), NULL },
        { STR_INIT("1.2.3.4 "), NULL },
        { STR_INIT("1.2.3.4\0"), NULL },
        { STR_INIT("0x1.2.3.4"), NULL },
        { STR_INIT("localhost"), NULL },
        { STR_INIT("::1%lo"), NULL },
        { STR_INIT("[::1]"), NULL },
        { STR_INIT("1:2:3:4:5:6:7"), NULL },
        { STR_INIT("1::2::3"), NULL },
        { STR_INIT("::12345"), NULL },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct address a;
        char text[46];
        bool ok = address_read(row[i].in, &a);

        CHECK(ok == (row[i].want != NULL), "row %zu", i);
        if (ok && row[i].want != NULL) {
            CHECK(address_text(a, text) == strlen(row[i].want), "row %zu", i);
            CHECK(strcmp(text, row[i].want) == 0, "row %zu: %s", i, text);
        }
    }
}

static void test_net(void)
{
    static const struct {
        struct str net, in;
        bool ok, inside;
    } row[] = {
        { STR_INIT("10.0.0.0/8"), STR_INIT("10.255.0.1"), true, true },
        { STR_INIT("10.0.0.0/8"), STR_INIT("11.0.0.1"), true, false },
        { STR_INIT("10.0.0.0/8"), STR_INIT("::ffff:10.1.1.1"), true, true },
        { STR_INIT("10.9.9.9/8"), STR_INIT("10.0.0.1"), true, true },
        { STR_INIT("192.168.1.7"), STR_INIT("192.168.1.7"), true, true },
        { STR_INIT("192.168.1.7"), STR_INIT("192.168.1.8"), true, false },
        { STR_INIT("192.168.1.0/31"), STR_INIT("192.168.1.1"), true, true },
        { STR_INIT("192.168.1.0/31"), STR_INIT("192.168.1.2"), true, false },
        { STR_INIT("0.0.0.0/0"), STR_INIT("8.8.8.8"), true, true },
        { STR_INIT("0.0.0.0/0"), STR_INIT("::1"), true, false },
        { STR_INIT("::/0"), STR_INIT("8.8.8.8"), true, true },
        { STR_INIT("fd00::/8"), STR_INIT("fdab::1"), true, true },
        { STR_INIT("fd00::/8"), STR_INIT("fe00::1"), true, false },
        { STR_INIT("::1"), STR_INIT("::1"), true, true },
        { STR_INIT("::1/128"), STR_INIT("::2"), true, false },
        { STR_INIT("10.0.0.0/33"), STR_INIT("10.0.0.1"), false, false },
        { STR_INIT("10.0.0.0/-1"), STR_INIT("10.0.0.1"), false, false },
        { STR_INIT("10.0.0.0/"), STR_INIT("10.0.0.1"), false, false },
        { STR_INIT("10.0.0.0/8x"), STR_INIT("10.0.0.1"), false, false },
        { STR_INIT("10.0.0/8"), STR_INIT("10.0.0.1"), false, false },
        { STR_INIT("::/129"), STR_INIT("::1"), false, false },
        { STR_INIT("::/0128"), STR_INIT("::1"), false, false },
        { STR_INIT(""), STR_INIT("::1"), false, false },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct address a;
        struct net net;
        bool ok = net_read(row[i].net, &net);

        CHECK(ok == row[i].ok, "row %zu", i);
        CHECK(address_read(row[i].in, &a), "row %zu", i);
        CHECK(!ok || address_in(a, &net, 1) == row[i].inside, "row %zu", i);
    }
}

static void test_none(void)
{
    static const struct {
        struct str in;
        bool want;
    } row[] = {
        { STR_INIT("::"), true },
        { STR_INIT("::1"), false },
        { STR_INIT("0.0.0.0"), false },
        { STR_INIT("192.0.2.1"), false },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct address a;

        CHECK(address_read(row[i].in, &a), "row %zu", i);
        CHECK(address_is_none(a) == row[i].want, "row %zu", i);
    }
}

void test_http_address(void)
{
    RUN(test_text);
    RUN(test_net);
    RUN(test_none);
}

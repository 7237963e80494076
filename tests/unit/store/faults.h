/* SPDX-License-Identifier: MIT */
/* A disk for SQLite that fails when told to: the default VFS until
 * faults_remove(), over the one that was it before. */
#ifndef UNIT_STORE_FAULTS_H
#define UNIT_STORE_FAULTS_H

#include <stdbool.h>

enum fault_kind {
    FAULT_IO,            /* a write or sync fails */
    FAULT_FULL,          /* a write has no room, once */
    FAULT_FULL_FROM_NOW, /* no write has room any more */
    FAULT_NONE
};

void faults_install(void);
void faults_remove(void);

/* From now on the n-th call of the kind (from 0) fails. */
void faults_arm(enum fault_kind kind, long n);
bool faults_disarm(void); /* did one fail? */

#endif

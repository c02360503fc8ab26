/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login: who may read. The token opens; a cookie with an end and an HMAC under a key made of the token stands for it
 * afterwards, so that nothing is kept for each visitor. Failed tries are counted for each address.
 */
#ifndef HOST_DASHBOARD_LOGIN_H
#define HOST_DASHBOARD_LOGIN_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "host/dashboard/dashboard.h"

#define LOGIN_DAYS 30
#define LOGIN_COOKIE_MAX 96
#define LOGIN_TRIES 10 /* failed ones in a minute from one address */
#define LOGIN_ADDRESSES 256

struct login {
    uint8_t token_digest[32];
    uint8_t cookie_key[32];
    struct {
        struct in6_addr address;
        uint64_t minute;
        unsigned failed;
    } addresses[LOGIN_ADDRESSES];
};

int login_open(struct login *login, const char *token, struct fault *fault);
void login_wipe(struct login *login);

/* 1 when it is the token, else 0. time: does not depend on the token. */
int login_token_check(const struct login *login, const char *text, size_t len);
/* Writes a cookie's value that is good until LOGIN_DAYS after `now` (unix seconds). 0, or -1 when it cannot. */
int login_cookie_make(const struct login *login, uint64_t now, char out[LOGIN_COOKIE_MAX]);
/* 1 when it was made here and is not over, else 0. time: as login_token_check. */
int login_cookie_check(const struct login *login, const char *value, uint64_t now);

/* 1 when this address has failed too often in this minute. */
int login_is_blocked(struct login *login, const struct sockaddr *address, uint64_t now);
void login_failed(struct login *login, const struct sockaddr *address, uint64_t now);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* login: see login.h. */
#include "host/dashboard/login.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/wipe.h"
#include "host/lib/file.h"
#include "host/lib/text.h"

static int hmac(const void *key, size_t key_len, const char *text, uint8_t out[32])
{
    unsigned len = 0;
    return HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text, strlen(text), out, &len) != NULL &&
                   len == 32
               ? 0
               : -1;
}

static int token_is_sound(const char *token)
{
    size_t len = strlen(token);
    size_t visible = strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=");
    return len >= DASHBOARD_TOKEN_MIN && len <= DASHBOARD_TOKEN_MAX && visible == len;
}

int login_open(struct login *login, const char *token, struct fault *fault)
{
    memset(login, 0, sizeof *login);
    if (token == NULL || !token_is_sound(token)) {
        (void)fault_set(fault, "the dashboard's token is not one: %d to %d letters, digits and -._~+/= are needed",
                        DASHBOARD_TOKEN_MIN, DASHBOARD_TOKEN_MAX);
        return fault_hint(fault, "remove its file, then a new one is made");
    }
    if (EVP_Digest(token, strlen(token), login->token_digest, NULL, EVP_sha256(), NULL) != 1 ||
        hmac(token, strlen(token), "windlass dashboard cookie", login->cookie_key) != 0) {
        return fault_set(fault, "the dashboard's token cannot be hashed");
    }
    return 0;
}

void login_wipe(struct login *login)
{
    wipe(login, sizeof *login);
}

int login_token_check(const struct login *login, const char *text, size_t len)
{
    uint8_t digest[32];
    return EVP_Digest(text, len, digest, NULL, EVP_sha256(), NULL) == 1 &&
           CRYPTO_memcmp(digest, login->token_digest, sizeof digest) == 0;
}

/* "<end>.<64 digits>" with the end in unix seconds. */
static int cookie_for(const struct login *login, uint64_t end, char out[LOGIN_COOKIE_MAX])
{
    uint8_t mac[32];
    int len = snprintf(out, LOGIN_COOKIE_MAX, "%" PRIu64, end);
    if (hmac(login->cookie_key, sizeof login->cookie_key, out, mac) != 0) {
        return -1;
    }
    out[len] = '.';
    text_hex(mac, sizeof mac, out + len + 1);
    return 0;
}

int login_cookie_make(const struct login *login, uint64_t now, char out[LOGIN_COOKIE_MAX])
{
    return cookie_for(login, now + LOGIN_DAYS * 86400u, out);
}

int login_cookie_check(const struct login *login, const char *value, uint64_t now)
{
    char right[LOGIN_COOKIE_MAX];
    uint64_t end = strtoull(value, NULL, 10);
    return cookie_for(login, end, right) == 0 && strlen(value) == strlen(right) &&
           CRYPTO_memcmp(value, right, strlen(right)) == 0 && end > now;
}

/* IPv4 as mapped IPv6 (RFC 4291 section 2.5.5.2). */
static struct in6_addr address_of(const struct sockaddr *address)
{
    struct in6_addr out = IN6ADDR_ANY_INIT;
    if (address != NULL && address->sa_family == AF_INET6) {
        memcpy(&out, (const char *)address + offsetof(struct sockaddr_in6, sin6_addr), sizeof out);
    } else if (address != NULL && address->sa_family == AF_INET) {
        memset(out.s6_addr + 10, 0xFF, 2);
        memcpy(out.s6_addr + 12, (const char *)address + offsetof(struct sockaddr_in, sin_addr), 4);
    }
    return out;
}

int login_is_blocked(struct login *login, const struct sockaddr *address, uint64_t now)
{
    struct in6_addr from = address_of(address);
    for (size_t i = 0; i < LOGIN_ADDRESSES; i++) {
        if (memcmp(&login->addresses[i].address, &from, sizeof from) == 0) {
            return login->addresses[i].minute == now / 60 && login->addresses[i].failed >= LOGIN_TRIES;
        }
    }
    return 0;
}

void login_failed(struct login *login, const struct sockaddr *address, uint64_t now)
{
    struct in6_addr from = address_of(address);
    size_t place = 0;
    for (size_t i = 0; i < LOGIN_ADDRESSES; i++) {
        if (memcmp(&login->addresses[i].address, &from, sizeof from) == 0) {
            place = i;
            break;
        }
        if (login->addresses[i].minute < login->addresses[place].minute) {
            place = i; /* the one that has been quiet for longest gives way */
        }
    }
    if (memcmp(&login->addresses[place].address, &from, sizeof from) != 0 ||
        login->addresses[place].minute != now / 60) {
        login->addresses[place].address = from;
        login->addresses[place].minute = now / 60;
        login->addresses[place].failed = 0;
    }
    login->addresses[place].failed++;
}

static int token_make(const char *path, struct fault *fault)
{
    uint8_t bits[32];
    char text[2 * sizeof bits + 2];
    if (RAND_priv_bytes(bits, sizeof bits) != 1) {
        return fault_set(fault, "no random bits for the dashboard's token");
    }
    text_hex(bits, sizeof bits, text);
    text[2 * sizeof bits] = '\n';
    int result = file_write(path, bytes_of(text, 2 * sizeof bits + 1), 0600, FILE_NEW_ONLY, fault);
    wipe(bits, sizeof bits);
    wipe(text, sizeof text);
    return result;
}

int dashboard_token_load(const char *path, char out[DASHBOARD_TOKEN_MAX + 1], struct fault *fault)
{
    uint8_t *data = NULL;
    size_t len = 0;
    if (access(path, F_OK) != 0 && token_make(path, fault) != 0) {
        return -1;
    }
    if (file_read_secret(path, DASHBOARD_TOKEN_MAX + 64, &data, &len, fault) != 0) {
        return -1;
    }
    const char *text = (const char *)data + strspn((const char *)data, " \t\r\n");
    size_t text_len = strcspn(text, " \t\r\n");
    int fits = text_len <= DASHBOARD_TOKEN_MAX;
    if (fits) {
        memcpy(out, text, text_len);
        out[text_len] = '\0';
        fits = token_is_sound(out);
    }
    wipe(data, len);
    free(data);
    if (!fits) {
        (void)fault_set(fault, "%s: not a token: %d to %d letters, digits and -._~+/= on one line are needed", path,
                        DASHBOARD_TOKEN_MIN, DASHBOARD_TOKEN_MAX);
        return fault_hint(fault, "remove the file, then a new one is made");
    }
    return 0;
}

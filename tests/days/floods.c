/* SPDX-License-Identifier: Apache-2.0 */
/* floods: those who call too often, say too much, or too slowly. Strangers come from an address of their own. All end
 * by themselves. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "host/lib/tls_letter.h"
#include "tests/days/station.h"

#define CONNECTS_MAX 2000u
#define HALVES 300u
#define SOCKETS 16u
#define STRANGER 0x7F000009u /* 127.0.0.9 */
#define PAUSE_US 2000
#define ENOUGH 600u   /* letters: less is no flood, however slow the machine */
#define LATEST_S 60.0 /* then it ends all the same */

/* -1 when the other side does not want it now. */
static int stranger_connect(const struct day *day)
{
    const char *colon = strrchr(day->address, ':');
    struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(STRANGER) };
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const struct timeval patience = { 1, 0 };
    to.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

int flood_connects(const struct day *day)
{
    const double end = day_seconds() + day->number;
    unsigned count = 0;
    while (count < CONNECTS_MAX && day_seconds() < end) {
        int fd = stranger_connect(day);
        count += fd >= 0;
        (void)close(fd);
    }
    (void)printf("%u connects\n", count);
    return count > 0 ? 0 : 1;
}

int flood_halves(const struct day *day)
{
    int fds[HALVES];
    unsigned count = 0;
    for (unsigned i = 0; i < HALVES; i++) {
        fds[i] = stranger_connect(day);
        count += fds[i] >= 0 && write(fds[i], "\x16\x03\x01\x02\x00\x01", 6) == 6;
    }
    (void)sleep(day->number);
    for (unsigned i = 0; i < HALVES; i++) {
        (void)close(fds[i]);
    }
    (void)printf("%u half handshakes\n", count);
    return count > 0 ? 0 : 1;
}

static int stranger_handshake(SSL_CTX *context, int fd)
{
    char byte;
    SSL *ssl = SSL_new(context);
    int done = ssl != NULL && SSL_set_fd(ssl, fd) == 1 && SSL_connect(ssl) == 1 && SSL_read(ssl, &byte, 1) == 1;
    SSL_free(ssl);
    return done;
}

int flood_strangers(const struct day *day)
{
    const double end = day_seconds() + day->number;
    unsigned count = 0;
    unsigned welcome = 0;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    while (context != NULL && count < CONNECTS_MAX && day_seconds() < end) {
        int fd = stranger_connect(day);
        if (fd >= 0) {
            welcome += (unsigned)stranger_handshake(context, fd);
            count++;
            (void)close(fd);
        }
    }
    SSL_CTX_free(context);
    (void)printf("%u handshakes without a certificate, %u were welcome\n", count, welcome);
    return count > 0 && welcome == 0 ? 0 : 1;
}

/* ---- a station that has a certificate ---- */

static struct station *stations_open(const struct day *day)
{
    struct station *all = calloc(SOCKETS, sizeof *all);
    if (all == NULL) {
        abort();
    }
    for (unsigned i = 0; i < SOCKETS; i++) {
        day_open(day, "flood", &all[i]);
    }
    return all;
}

static void stations_close(struct station *all)
{
    for (unsigned i = 0; i < SOCKETS; i++) {
        station_close(&all[i]);
    }
    free(all);
}

/* Sends a letter and takes its answer; 1 when there was one. */
static int exchange(struct station *s, const struct letter_request *request)
{
    struct fault ignored = FAULT_NONE;
    size_t len = 0;
    struct cbor_writer w = cbor_writer_of(s->request, sizeof s->request);
    letter_request_build(request, &w);
    return tls_letter_send(s->conn, cbor_written(&w), STATION_PATIENCE_MS, &ignored) == 0 &&
           tls_letter_receive(s->conn, s->answer, sizeof s->answer, &len, STATION_PATIENCE_MS, &ignored) == 0;
}

/* 1 until the flood's time is over and it was one. */
static int is_flooding(double end, unsigned count)
{
    const double now = day_seconds();
    return now < end || (count < ENOUGH && now < end + LATEST_S);
}

static int rounds(const struct day *day, const struct letter_request *letters, size_t count, const char *what)
{
    const double end = day_seconds() + day->number;
    struct station *all = stations_open(day);
    unsigned answered = 0;
    while (is_flooding(end, answered)) {
        for (unsigned i = 0; i < SOCKETS; i++) {
            for (size_t n = 0; n < count; n++) {
                answered += (unsigned)exchange(&all[i], &letters[n]);
            }
        }
    }
    stations_close(all);
    (void)printf("%u %s\n", answered, what);
    return answered > 0 ? 0 : 1;
}

int flood_letters(const struct day *day)
{
    const struct letter_request bye = { .op = LETTER_BYE };
    return rounds(day, &bye, 1, "letters");
}

/* Each socket says that its chip cannot be reached, again and again. */
int flood_failures(const struct day *day)
{
    const struct letter_request letters[] = {
        { .op = LETTER_BEGIN,
          .version = LETTER_VERSION,
          .socket = bytes_of("flood", 5),
          .channel = LETTER_CHANNEL_OPEN },
        { .op = LETTER_RESULT,
          .count = 1,
          .results = { { .code = LETTER_TROUBLE_FLASH, .text = bytes_of("the flood says so", 17) } } }
    };
    return rounds(day, letters, 2, "letters of failures");
}

/* Asks for pieces of images, and reads none. */
int flood_readers(const struct day *day)
{
    const double end = day_seconds() + day->number;
    const struct letter_request begin = {
        .op = LETTER_BEGIN, .version = LETTER_VERSION, .socket = bytes_of("flood", 5), .channel = LETTER_CHANNEL_OPEN
    };
    const int little = 2048;
    struct station *all = stations_open(day);
    unsigned asked = 0;
    for (unsigned i = 0; i < SOCKETS; i++) {
        (void)setsockopt(tls_conn_fd(all[i].conn), SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
        (void)exchange(&all[i], &begin);
    }
    while (day_seconds() < end) {
        for (unsigned i = 0; i < SOCKETS; i++) {
            struct fault ignored = FAULT_NONE;
            struct cbor_writer w = cbor_writer_of(all[i].request, sizeof all[i].request);
            letter_request_build(&begin, &w);
            asked += tls_letter_send(all[i].conn, cbor_written(&w), 20, &ignored) == 0;
        }
        (void)usleep(PAUSE_US);
    }
    stations_close(all);
    (void)printf("%u letters asked, no answer read\n", asked);
    return asked > 0 ? 0 : 1;
}

/* One byte a second of a letter that will never be whole. */
int flood_writers(const struct day *day)
{
    static const uint8_t letter[] = { 0, 0, 0x20, 0, 0x82 };
    struct station *all = stations_open(day);
    unsigned bytes = 0;
    for (unsigned second = 0; second < day->number; second++) {
        for (unsigned i = 0; i < SOCKETS; i++) {
            struct fault ignored = FAULT_NONE;
            size_t put = 0;
            const uint8_t *at = &letter[second < sizeof letter ? second : sizeof letter - 1];
            bytes += tls_conn_write(all[i].conn, at, 1, &put, &ignored) == TLS_DONE;
        }
        (void)sleep(1);
    }
    stations_close(all);
    (void)printf("%u bytes, no letter\n", bytes);
    return bytes > 0 ? 0 : 1;
}

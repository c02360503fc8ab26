/* SPDX-License-Identifier: Apache-2.0 */
/* provision_peer: see provision_peer.h. */
#include "tests/unit/provision_peer.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/station/gdb_packet.h"

void peer_reply_raw(struct peer_reply *reply, const void *data, size_t len)
{
    if (len > sizeof reply->raw - reply->len) {
        abort();
    }
    memcpy(reply->raw + reply->len, data, len);
    reply->len += len;
}

void peer_reply_packet(struct peer_reply *reply, struct bytes content)
{
    size_t len = gdb_packet_encode(content, reply->raw + reply->len, sizeof reply->raw - reply->len);
    if (len == 0) {
        abort();
    }
    reply->len += len;
}

void peer_reply_text(struct peer_reply *reply, const char *content)
{
    peer_reply_packet(reply, bytes_of(content, strlen(content)));
}

int peer_begins(struct bytes content, const char *text)
{
    size_t len = strlen(text);
    return content.len >= len && memcmp(content.data, text, len) == 0;
}

int peer_hello_answer(struct bytes content, int no_ack, struct peer_reply *reply)
{
    if (peer_begins(content, "qSupported")) {
        peer_reply_text(reply, "PacketSize=1000;qXfer:memory-map:read+");
    } else if (peer_begins(content, "QStartNoAckMode")) {
        peer_reply_text(reply, no_ack ? "OK" : "");
    } else if (bytes_equal(content, bytes_of("?", 1))) {
        peer_reply_text(reply, "T05thread:01;");
    } else {
        return 0;
    }
    return 1;
}

static int all_send(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0) {
            return -1;
        }
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

static int content_serve(struct peer *peer, struct bytes content)
{
    struct peer_reply *reply = calloc(1, sizeof *reply);
    int was_no_ack = peer->no_ack;
    if (reply == NULL) {
        abort();
    }
    peer->answer(peer->context, content, reply);
    int result = was_no_ack || content.data[0] == 0x03 ? 0 : all_send(peer->fd, (const uint8_t *)"+", 1);
    if (peer_begins(content, "QStartNoAckMode") && reply->len > 4) {
        peer->no_ack = 1;
    }
    if (result == 0 && reply->len > 0) {
        result = all_send(peer->fd, reply->raw, reply->len);
    }
    result = reply->close ? -1 : result;
    free(reply);
    return result;
}

void peer_serve(struct peer *peer)
{
    struct gdb_decoder *decoder = calloc(1, sizeof *decoder);
    uint8_t in[4096];
    ssize_t n = 0;
    int alive = decoder != NULL;
    peer->no_ack = 0;
    while (alive && (n = recv(peer->fd, in, sizeof in, 0)) > 0) {
        for (ssize_t i = 0; i < n && alive; i++) {
            static const uint8_t interrupt = 0x03;
            if (decoder->state == 0 && in[i] == interrupt) {
                alive = content_serve(peer, bytes_of(&interrupt, 1)) == 0;
            } else if (gdb_packet_decode(decoder, in[i]) == GDB_EVENT_PACKET) {
                alive = content_serve(peer, bytes_of(decoder->data, decoder->len)) == 0;
            }
        }
    }
    free(decoder);
    (void)shutdown(peer->fd, SHUT_RDWR);
}

static void *peer_thread(void *context)
{
    peer_serve(context);
    return NULL;
}

void peer_start(struct peer *peer, void (*answer)(void *, struct bytes, struct peer_reply *), void *context)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
        abort();
    }
    *peer = (struct peer){ .fd = fds[0], .client_fd = fds[1], .context = context, .answer = answer };
    if (pthread_create(&peer->thread, NULL, peer_thread, peer) != 0) {
        abort();
    }
}

void peer_stop(struct peer *peer)
{
    (void)pthread_join(peer->thread, NULL);
    (void)close(peer->fd);
}

/* The plainest fan-out server there is, as a yardstick: one thread, epoll, and one send() for each delivery.
 *
 * Every text message that any client sends is framed once and sent to every connection. There are no rooms, no
 * history, no identity and no queues: a connection whose socket is full is closed. What a chat server costs beyond
 * this is the price of what it does beyond this.
 *
 * The handshake is answered with the accept value of RFC 6455's sample key, which is the key that termchat-bench
 * offers; browsers would refuse it.
 *
 * Usage: bare [PORT]     prints "listening on 127.0.0.1:PORT"; port 0 or none takes any free one.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 65536,
    INPUT_MAX = 16 * 1024,   /* of one connection's unfinished frame or request */
    FRAME_MAX = INPUT_MAX + 4,
    EVENTS_MAX = 1024,
};

struct connection {
    int is_upgraded;
    size_t used;
    unsigned char *input;
};

static struct connection connections[CONNECTIONS_MAX]; /* by descriptor */
static int members[CONNECTIONS_MAX];                   /* descriptors of the upgraded ones */
static int member_at[CONNECTIONS_MAX];                 /* where a descriptor is in members */
static int member_count;

static const char answer[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: termchat.v1\r\n\r\n";

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void drop(int fd) {
    struct connection *connection = &connections[fd];
    if (connection->is_upgraded) {
        int last = members[--member_count];
        members[member_at[fd]] = last;
        member_at[last] = member_at[fd];
    }
    free(connection->input);
    *connection = (struct connection){0};
    close(fd);
}

/* Sends one message to everybody, one send() each. */
static void fan_out(const unsigned char *payload, size_t length) {
    static unsigned char frame[FRAME_MAX];
    size_t header = 2;
    frame[0] = 0x81;
    if (length < 126) {
        frame[1] = (unsigned char)length;
    } else {
        frame[1] = 126;
        frame[2] = (unsigned char)(length >> 8);
        frame[3] = (unsigned char)length;
        header = 4;
    }
    memcpy(frame + header, payload, length);
    for (int index = member_count - 1; index >= 0; index--) {
        ssize_t sent = send(members[index], frame, header + length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent != (ssize_t)(header + length)) drop(members[index]);
    }
}

/* Handles the frames that are complete; returns the bytes used, or -1 to close the connection. */
static ssize_t consume_frames(unsigned char *input, size_t count) {
    size_t offset = 0;
    while (count - offset >= 6) {
        unsigned char *frame = input + offset;
        size_t header = 2, length = frame[1] & 0x7f;
        if (!(frame[1] & 0x80) || length == 127) return -1;
        if (length == 126) {
            if (count - offset < 8) break;
            length = (size_t)frame[2] << 8 | frame[3];
            header = 4;
        }
        if (length + 8 > INPUT_MAX) return -1;
        if (count - offset < header + 4 + length) break;
        unsigned char *mask = frame + header, *payload = mask + 4;
        for (size_t index = 0; index < length; index++) payload[index] ^= mask[index & 3];
        if ((frame[0] & 0x0f) == 8) return -1;
        if ((frame[0] & 0x0f) == 1) fan_out(payload, length);
        offset += header + 4 + length;
    }
    return (ssize_t)offset;
}

static void receive(int fd) {
    struct connection *connection = &connections[fd];
    if (!connection->input && !(connection->input = malloc(INPUT_MAX))) return drop(fd);
    ssize_t count = read(fd, connection->input + connection->used, INPUT_MAX - connection->used);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return drop(fd);
    connection->used += (size_t)count;
    ssize_t used = 0;
    if (!connection->is_upgraded) {
        unsigned char *end = memmem(connection->input, connection->used, "\r\n\r\n", 4);
        if (end) {
            used = end + 4 - connection->input;
            connection->is_upgraded = 1;
            member_at[fd] = member_count;
            members[member_count++] = fd;
            if (send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0) return drop(fd);
        }
    } else {
        used = consume_frames(connection->input, connection->used);
        /* Fanning out may have dropped this very connection. */
        if (!connection->input) return;
    }
    if (used < 0 || (used == 0 && connection->used == INPUT_MAX)) return drop(fd);
    connection->used -= (size_t)used;
    memmove(connection->input, connection->input + used, connection->used);
    if (connection->used == 0) {
        free(connection->input);
        connection->input = NULL;
    }
}

static void accept_all(int listener, int epoll) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        if (fd >= CONNECTIONS_MAX) {
            close(fd);
            continue;
        }
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) close(fd);
    }
}

static int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, size) < 0) die("bind");
    if (listen(fd, 4096) < 0) die("listen");
    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0) die("getsockname");
    printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(int count, char **arguments) {
    struct rlimit limit = {CONNECTIONS_MAX, CONNECTIONS_MAX};
    struct epoll_event events[EVENTS_MAX];
    setrlimit(RLIMIT_NOFILE, &limit);
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_on(count > 1 ? atoi(arguments[1]) : 0);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0) die("epoll");
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int index = 0; index < ready; index++) {
            int fd = events[index].data.fd;
            if (fd == listener) accept_all(listener, epoll);
            else receive(fd);
        }
    }
}

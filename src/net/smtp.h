/* Mail by SMTP. The edge over libcurl (net/transfer.h).
 * Source: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 8314 (implicit TLS on 465), RFC 4954 (AUTH).
 *
 *     struct smtp_server server = { .url = "smtp://mail.example.org:587", .user = …, .password_file = … };
 *     if (smtp_check(&server, err) < 0) …           // before anything is sent
 *     if (smtp_send(&server, &mail, err) < 0) …
 *
 * smtp:// is port 587 and needs STARTTLS; smtps:// is TLS from the first byte, port 465. Certificates are always
 * verified. A loopback server that offers no STARTTLS may do without, and any with .insecure; a password never goes
 * without TLS. A mail is for all its recipients or for none: the first refused one ends it. Tried again only where the
 * server cannot have taken the mail: connection never made, or a 4xx reply. No proxy is used.
 */
#ifndef NET_SMTP_H
#define NET_SMTP_H

#include "base/error.h"
#include "net/mail.h"

#include <stdbool.h>
#include <stdint.h>

struct smtp_server {
	const char *url; /* "smtp://host[:port]", "smtps://host[:port]" */
	const char *user;
	const char *password;      /* or NULL and */
	const char *password_file; /* read when it is sent */
	const char *ca_file;       /* PEM, beside the system's certificate folder; NULL: system's */
	bool insecure;             /* no TLS; not with a password */
	uint64_t timeout_ns;       /* whole conversation; 0: 60 s */
	uint64_t stall_ns;         /* longest time without a byte; 0: 30 s */
	uint64_t retry_unit_ns;    /* net/retry.h; 0: 1 s */
	/* Called with what went wrong before the wait that precedes attempt (2 or 3); may be NULL. */
	void (*on_retry)(const char *what, unsigned attempt, void *data);
	void *on_retry_data;
};

/* ERROR_USAGE: the URL, user and password that do not go together, a password that cannot be read. */
int smtp_check(const struct smtp_server *s, struct error *err);
/* ERROR_PUBLISH unless the server took the mail for every recipient; ERROR_INTERRUPTED on a stop request. Messages hold
 * the server's own words, never the password. The mail has passed mail_check. */
int smtp_send(const struct smtp_server *s, const struct mail *m, struct error *err);

#endif

/* SPDX-License-Identifier: MIT */
/* Who the client is, and how it came, when proxies stand between. */
#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

#include "http/request.h"

/* Fills rq->client, and sets rq->secure if a trusted proxy says so; rq->peer
 * is filled. Nothing counts that does not come from a trusted peer.
 *
 * X-Forwarded-For is read from the right, where the proxy next to us wrote,
 * skipping proxies that are trusted too: what stands further left may have
 * been made up by the client. Only if that leads to nobody but trusted
 * proxies, CF-Connecting-IP counts: proxies pass on what they do not know, so
 * that who goes around Cloudflare may write in it what he likes, but not be
 * missing from X-Forwarded-For. Of X-Forwarded-Proto the last value is
 * the nearest proxy's. */
void forwarded_read(struct request *rq, const struct net *trusted,
                    size_t n_trusted);

#endif

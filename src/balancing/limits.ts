/**
 * What an Application Load Balancer takes of a request.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
 */

/** Of all header fields. */
export const mostHeaderBytes = 65_536;
/** More is answered with 414. */
export const mostUrlBytes = 16_384;
/** In X-Forwarded-For; more is answered with 463. */
export const mostForwardedAddresses = 30;
/** Of X-Amzn-Trace-Id; a longer one is left out. */
export const mostTraceBytes = 7168;
/** A target that has not taken a connection by then doesn't: 504. */
export const connectSeconds = 10;
/** "350 seconds" for TLS: https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-listeners.html */
export const defaultTcpIdleTimeout = 350;
/** How long clients keep the cookies of stickiness. How long they hold is decided by what they say. */
export const cookieKeptSeconds = 604_800;

/**
 * What happens before a session begins: connections are accepted, counted and limited, headers of
 * load balancers and startup packets are read, cancel requests are passed on. A session itself is
 * the relay's.
 */
@NullMarked
package dev.pglambda.listener;

import org.jspecify.annotations.NullMarked;

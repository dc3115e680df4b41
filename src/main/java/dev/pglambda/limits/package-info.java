/**
 * What keeps one client from taking what all others need: accounts of memory, a throttle for the
 * log, where a connection comes from, and the reasons why it is not read. How many connections
 * there may be is the matter of those who accept them.
 */
@NullMarked
package dev.pglambda.limits;

import org.jspecify.annotations.NullMarked;

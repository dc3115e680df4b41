/**
 * The configuration: one tree of records and its loader from command line, environment and
 * defaults.
 */
@NullMarked
package dev.pglambda.config;

import org.jspecify.annotations.NullMarked;

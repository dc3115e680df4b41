@NullMarked
package dev.pglambda.sql;

import org.jspecify.annotations.NullMarked;

/**
 * The extensions {@code aws_commons} and {@code aws_lambda}: their scripts and control files as
 * resources, and the SQL that installs them on a server which does not have those files.
 */
@NullMarked
package dev.pglambda.extension;

import org.jspecify.annotations.NullMarked;

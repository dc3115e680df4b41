/**
 * Direct calls: statements whose calls of {@code aws_lambda.invoke} the proxy serves itself because
 * the database cannot. {@code recognize} finds them in a text, {@code resolve} finds the overload,
 * {@code plan} says what the server is to execute instead, {@code flow} talks with the server.
 */
@NullMarked
package dev.pglambda.direct;

import org.jspecify.annotations.NullMarked;

package dev.pglambda.intercept;

import dev.pglambda.intercept.Rewrite.RewrittenStatement;
import dev.pglambda.sql.ExtensionStatement;
import dev.pglambda.sql.ExtensionStatements;
import dev.pglambda.sql.Mentions;
import dev.pglambda.sql.Replacement;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Replaces the statements on our extensions which a server without their control files could not
 * execute. A text that does not mention them, nearly every one, costs one search through its bytes.
 */
public final class ExtensionInterceptor implements Interceptor {
  private final BiFunction<ExtensionStatement, String, String> installer;

  /**
   * @param installer makes, of a statement and its own text, the statement to send instead
   */
  public ExtensionInterceptor(BiFunction<ExtensionStatement, String, String> installer) {
    this.installer = installer;
  }

  @Override
  public @Nullable Rewrite inspect(
      ByteBuf buffer, int index, int length, boolean standardConformingStrings) {
    if (!mentions(buffer, index, length)) {
      return null;
    }
    String text = buffer.toString(index, length, StandardCharsets.ISO_8859_1);
    List<ExtensionStatement> found = ExtensionStatements.find(text, standardConformingStrings);
    if (found.isEmpty()) {
      return null;
    }
    List<Replacement> replacements = new ArrayList<>();
    List<RewrittenStatement> rewritten = new ArrayList<>();
    for (ExtensionStatement statement : found) {
      String original = text.substring(statement.start(), statement.end());
      replacements.add(
          new Replacement(
              statement.start(), statement.end(), installer.apply(statement, original)));
      rewritten.add(
          new RewrittenStatement(statement.statementIndex(), statement.kind().commandTag()));
    }
    return new Rewrite(Replacement.splice(text, replacements), rewritten);
  }

  private static boolean mentions(ByteBuf buffer, int index, int length) {
    if (buffer.hasArray()) {
      return Mentions.awsExtension(buffer.array(), buffer.arrayOffset() + index, length);
    }
    return Mentions.awsExtension(
        buffer.nioBufferCount() == 1
            ? buffer.internalNioBuffer(index, length)
            : buffer.nioBuffer(index, length));
  }
}

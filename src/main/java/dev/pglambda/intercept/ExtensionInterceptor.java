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
  private final BiFunction<ExtensionStatement, String, String> superusersInstaller;

  /**
   * @param installer makes, of a statement and its own text, the statement to send instead
   * @param superusersInstaller the same for a superuser's session, whose text may hold secrets: a
   *     client can read what the server executes for it
   */
  public ExtensionInterceptor(
      BiFunction<ExtensionStatement, String, String> installer,
      BiFunction<ExtensionStatement, String, String> superusersInstaller) {
    this.installer = installer;
    this.superusersInstaller = superusersInstaller;
  }

  @Override
  public @Nullable Rewrite inspect(ByteBuf buffer, int index, int length, ServerSettings settings) {
    if (!settings.asciiSafe() || !mentions(buffer, index, length)) {
      return null;
    }
    String text = buffer.toString(index, length, StandardCharsets.ISO_8859_1);
    List<ExtensionStatement> found =
        ExtensionStatements.find(text, settings.standardConformingStrings());
    if (found.isEmpty()) {
      return null;
    }
    List<Replacement> replacements = new ArrayList<>();
    List<RewrittenStatement> rewritten = new ArrayList<>();
    for (ExtensionStatement statement : found) {
      String original = text.substring(statement.start(), statement.end());
      String replacement = replacement(statement, original, settings);
      replacements.add(new Replacement(statement.start(), statement.end(), replacement));
      rewritten.add(
          new RewrittenStatement(
              statement.statementIndex(),
              statement.kind().commandTag(),
              characters(text.substring(0, statement.start()), settings),
              characters(text.substring(0, statement.end()), settings),
              characters(replacement, settings)));
    }
    return new Rewrite(Replacement.splice(text, replacements), rewritten);
  }

  private String replacement(
      ExtensionStatement statement, String original, ServerSettings settings) {
    return (settings.superuser() ? superusersInstaller : installer).apply(statement, original);
  }

  /** How many characters some bytes are; in multi-byte encodings but UTF8, no more than that. */
  private static int characters(String bytes, ServerSettings settings) {
    return settings.utf8()
        ? (int) bytes.chars().filter(octet -> (octet & 0xC0) != 0x80).count()
        : bytes.length();
  }

  private static boolean mentions(ByteBuf buffer, int index, int length) {
    return Mentions.awsExtension(
        buffer.nioBufferCount() == 1
            ? buffer.internalNioBuffer(index, length)
            : buffer.nioBuffer(index, length));
  }
}

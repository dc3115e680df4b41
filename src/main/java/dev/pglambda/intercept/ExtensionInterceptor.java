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
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Replaces the statements on our extensions which a server without their control files could not
 * execute. A text that does not mention them, nearly every one, costs one search through its bytes.
 */
public final class ExtensionInterceptor implements Interceptor {
  private static final String AWS_LAMBDA = "aws_lambda";

  /**
   * What must come before anything that takes a snapshot, as an offer of the keys does (manual, SET
   * TRANSACTION).
   */
  private static final Pattern TRANSACTION_MODES =
      Pattern.compile(
          "\\b(?:isolation|deferrable|snapshot|read\\s+(?:only|write))\\b",
          Pattern.CASE_INSENSITIVE);

  private final BiFunction<ExtensionStatement, String, String> installer;

  /**
   * @param installer makes, of a statement and its own text, the statement to send instead
   */
  public ExtensionInterceptor(BiFunction<ExtensionStatement, String, String> installer) {
    this.installer = installer;
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
      String replacement = installer.apply(statement, original);
      replacements.add(new Replacement(statement.start(), statement.end(), replacement));
      rewritten.add(
          new RewrittenStatement(
              statement.statementIndex(),
              statement.kind().commandTag(),
              characters(text.substring(0, statement.start()), settings),
              characters(text.substring(0, statement.end()), settings),
              characters(replacement, settings)));
    }
    return new Rewrite(Replacement.splice(text, replacements), rewritten, takesKeys(text, found));
  }

  private static boolean takesKeys(String text, List<ExtensionStatement> found) {
    return found.stream().anyMatch(ExtensionInterceptor::storesKeys)
        && !TRANSACTION_MODES.matcher(text).find();
  }

  private static boolean storesKeys(ExtensionStatement statement) {
    return switch (statement.kind()) {
      case CREATE, ALTER_UPDATE -> statement.extension().equals(AWS_LAMBDA);
      case ALTER_SET_SCHEMA, DROP, COMMENT -> false;
    };
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

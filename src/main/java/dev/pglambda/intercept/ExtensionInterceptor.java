package dev.pglambda.intercept;

import dev.pglambda.intercept.Rewrite.FoundCalls;
import dev.pglambda.intercept.Rewrite.Keys;
import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.protocol.TypeOid;
import dev.pglambda.sql.AmbiguousCalls;
import dev.pglambda.sql.ExtensionStatement;
import dev.pglambda.sql.ExtensionStatements;
import dev.pglambda.sql.FunctionCall;
import dev.pglambda.sql.FunctionCalls;
import dev.pglambda.sql.MentionScan;
import dev.pglambda.sql.NestedStatement;
import dev.pglambda.sql.NestedStatements;
import dev.pglambda.sql.Replacement;
import dev.pglambda.sql.SqlLexer;
import dev.pglambda.sql.StatementSplitter;
import dev.pglambda.sql.ViewReference;
import dev.pglambda.sql.ViewReferences;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Replaces the statements on our extensions which a server without their control files could not
 * execute, lists them among the available extensions, and completes the calls of AWS's guide which
 * PostgreSQL could not resolve. A text that does not mention them, nearly every one, costs one
 * search through its bytes.
 */
public final class ExtensionInterceptor implements Interceptor {
  /** What is sent for one statement has 25 kB: a text with more of them passes as it is. */
  private static final int MAX_STATEMENTS = 256;

  /** Unspecified, text, unknown, varchar: object ids of pg_type.dat. */
  private static final Set<Integer> TEXT_TYPES =
      Set.of(TypeOid.UNSPECIFIED, TypeOid.TEXT, TypeOid.UNKNOWN, TypeOid.VARCHAR);

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
  private final UnaryOperator<String> availableExtensions;
  private final boolean directCalls;

  /**
   * @param installer makes, of a statement and its own text, the statement to send instead
   * @param availableExtensions makes, of the name of one of the views of {@link ViewReferences},
   *     the query to read instead
   * @param directCalls whether statements are to be looked for whose calls the proxy can serve
   */
  public ExtensionInterceptor(
      BiFunction<ExtensionStatement, String, String> installer,
      UnaryOperator<String> availableExtensions,
      boolean directCalls) {
    this.installer = installer;
    this.availableExtensions = availableExtensions;
    this.directCalls = directCalls;
  }

  @Override
  public Concern concern(ByteBuf buffer, int index, int length) {
    ByteBuffer text =
        buffer.nioBufferCount() == 1
            ? buffer.internalNioBuffer(index, length)
            : buffer.nioBuffer(index, length);
    if (MentionScan.awsExtension(text)) {
      return Concern.EXTENSION;
    }
    return MentionScan.call(text) ? Concern.PROCEDURE : Concern.NONE;
  }

  @Override
  public @Nullable Rewrite inspect(
      ByteBuf buffer, int index, int length, int parameterTypes, ServerSettings settings) {
    String text = settings.encoding().read(buffer, index, length);
    boolean standardConformingStrings = settings.standardConformingStrings();
    List<ExtensionStatement> statements = List.of();
    List<NestedStatement> nested = List.of();
    if (MentionScan.extensionStatement(text)) {
      statements = ExtensionStatements.find(text, standardConformingStrings);
      nested = NestedStatements.find(text, standardConformingStrings);
    }
    List<Part> parts = parts(text, statements, nested);
    boolean installing = !parts.isEmpty();
    if (MentionScan.availableExtensions(text)) {
      parts.addAll(views(text, standardConformingStrings));
    }
    List<FunctionCall> calls = List.of();
    if (MentionScan.functionCall(text)) {
      calls = FunctionCalls.find(text, standardConformingStrings);
      AmbiguousCalls.find(
              text,
              calls,
              standardConformingStrings,
              number -> isText(buffer, parameterTypes, number))
          .forEach(insertion -> parts.add(new Part(ReplacedSpan.NESTED, "", insertion)));
    }
    parts.sort(Comparator.comparingInt(part -> part.replacement().start()));
    String spliced = Replacement.splice(text, parts.stream().map(Part::replacement).toList());
    FoundCalls found =
        calls.isEmpty() || !directCalls || !statements.isEmpty() || !nested.isEmpty()
            ? null
            : new FoundCalls(
                spliced,
                parts.isEmpty() ? calls : FunctionCalls.find(spliced, standardConformingStrings),
                standardConformingStrings,
                settings.encoding());
    boolean mayAsk = !TRANSACTION_MODES.matcher(text).find();
    boolean readsParameters = mayAsk && MentionScan.parameter(text);
    Keys keys =
        mayAsk ? keys(text, installing, statements, nested, standardConformingStrings) : Keys.NONE;
    return parts.isEmpty() && found == null && !readsParameters && keys == Keys.NONE
        ? null
        : new Rewrite(
            ClientEncoding.restored(spliced),
            rewritten(text, parts, settings.encoding()),
            keys,
            readsParameters,
            found);
  }

  /** The statements that are replaced in a text, in no order. */
  private List<Part> parts(
      String text, List<ExtensionStatement> statements, List<NestedStatement> nestedStatements) {
    if (statements.size() + nestedStatements.size() > MAX_STATEMENTS) {
      return new ArrayList<>();
    }
    List<Part> parts = new ArrayList<>();
    for (ExtensionStatement statement : statements) {
      String original = text.substring(statement.start(), statement.end());
      String block = installer.apply(statement, original);
      parts.add(
          new Part(
              statement.statementIndex(),
              statement.kind().commandTag(),
              new Replacement(statement.start(), statement.end(), block)));
    }
    for (NestedStatement nested : nestedStatements) {
      String spelled = text.substring(nested.start(), nested.end());
      String block =
          NestedBlock.of(
              spelled, nested.written(), installer.apply(nested.statement(), nested.text()));
      if (block != null) {
        Replacement replacement = new Replacement(nested.start(), nested.end(), block);
        parts.add(new Part(ReplacedSpan.NESTED, "", replacement));
      }
    }
    return parts;
  }

  /** The views that are read in a text. */
  private List<Part> views(String text, boolean standardConformingStrings) {
    List<ViewReference> references = ViewReferences.find(text, standardConformingStrings);
    return references.size() > MAX_STATEMENTS
        ? List.of()
        : references.stream()
            .map(
                reference ->
                    new Part(
                        ReplacedSpan.NESTED,
                        "",
                        ViewSubquery.of(
                            reference, text, availableExtensions.apply(reference.view()))))
            .toList();
  }

  /** Whether a parameter of a Parse message has no type, or that of a text. */
  private static boolean isText(ByteBuf buffer, int parameterTypes, int number) {
    if (parameterTypes == NO_PARAMETERS || number < 1) {
      return false;
    }
    if (number > buffer.getUnsignedShort(parameterTypes)) {
      return true;
    }
    return TEXT_TYPES.contains(
        buffer.getInt(parameterTypes + Short.BYTES + Integer.BYTES * (number - 1)));
  }

  /**
   * @param installing whether statements on the extensions were replaced
   */
  private static Keys keys(
      String text,
      boolean installing,
      List<ExtensionStatement> found,
      List<NestedStatement> nested,
      boolean standardConformingStrings) {
    if (installing && takesKeys(text, found, nested, standardConformingStrings)) {
      return Keys.OF_STATEMENT;
    }
    return firstWordIs("call", text, 0, text.length(), standardConformingStrings)
        ? Keys.OF_PROCEDURE
        : Keys.NONE;
  }

  private static boolean takesKeys(
      String text,
      List<ExtensionStatement> found,
      List<NestedStatement> nested,
      boolean standardConformingStrings) {
    if (found.stream().anyMatch(ExtensionInterceptor::storesKeys)) {
      return true;
    }
    List<NestedStatement> storing =
        nested.stream().filter(each -> storesKeys(each.statement())).toList();
    return !storing.isEmpty()
        && StatementSplitter.split(text, standardConformingStrings).stream()
            .filter(
                statement -> // it executes the code in its string constants, rather than keeps it
                firstWordIs(
                        "do", text, statement.start(), statement.end(), standardConformingStrings))
            .anyMatch(
                block ->
                    storing.stream()
                        .anyMatch(
                            each -> each.start() > block.start() && each.start() < block.end()));
  }

  private static boolean firstWordIs(
      String keyword, String text, int start, int end, boolean standardConformingStrings) {
    SqlLexer lexer = new SqlLexer(text, start, end, standardConformingStrings);
    lexer.next();
    return lexer.isKeyword(keyword);
  }

  private static boolean storesKeys(ExtensionStatement statement) {
    return switch (statement.kind()) {
      case CREATE, ALTER_UPDATE -> statement.extension().equals(AWS_LAMBDA);
      case ALTER_SET_SCHEMA, DROP, COMMENT -> false;
    };
  }

  private static List<ReplacedSpan> rewritten(
      String text, List<Part> parts, ClientEncoding encoding) {
    List<ReplacedSpan> places =
        ReplacedSpan.within(text, parts.stream().map(Part::replacement).toList(), encoding);
    List<ReplacedSpan> rewritten = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      rewritten.add(places.get(i).withTag(parts.get(i).index(), parts.get(i).commandTag()));
    }
    return rewritten;
  }

  /** What is replaced, with the index and command tag of {@link ReplacedSpan}. */
  private record Part(int index, String commandTag, Replacement replacement) {}
}

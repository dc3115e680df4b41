package dev.pglambda.intercept;

import dev.pglambda.intercept.Rewrite.FoundCalls;
import dev.pglambda.intercept.Rewrite.Keys;
import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.protocol.TypeOid;
import dev.pglambda.sql.AmbiguousCalls;
import dev.pglambda.sql.ExtensionStatement;
import dev.pglambda.sql.ExtensionStatements;
import dev.pglambda.sql.MentionScan;
import dev.pglambda.sql.NestedBlock;
import dev.pglambda.sql.NestedStatement;
import dev.pglambda.sql.Replacement;
import dev.pglambda.sql.SqlLexer;
import dev.pglambda.sql.SqlText;
import dev.pglambda.sql.ViewReference;
import dev.pglambda.sql.ViewReferences;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
      ByteBuf buffer,
      int index,
      int length,
      @Nullable List<Integer> parameterTypes,
      ServerSettings settings) {
    ClientEncoding encoding = settings.encoding();
    String characters = encoding.read(buffer, index, length);
    SqlText text = new SqlText(characters, settings.standardConformingStrings());
    List<ExtensionStatement> statements = List.of();
    List<NestedStatement> nested = List.of();
    if (MentionScan.extensionStatement(characters)) {
      statements = ExtensionStatements.find(text);
      nested = NestedStatement.find(text);
    }
    List<Replacement> replacements = installations(text, statements, nested);
    boolean installing = !replacements.isEmpty();
    if (MentionScan.availableExtensions(characters)) {
      replacements.addAll(views(text));
    }
    boolean mayCall = MentionScan.functionCall(characters);
    if (mayCall) {
      replacements.addAll(AmbiguousCalls.find(text, number -> isText(parameterTypes, number)));
    }
    replacements.sort(Comparator.comparingInt(Replacement::start));
    String spliced = Replacement.splice(characters, replacements);
    boolean served =
        mayCall
            && directCalls
            && statements.isEmpty()
            && nested.isEmpty()
            && !text.calls().isEmpty();
    SqlText sent = replacements.isEmpty() ? text.withoutBodies() : text.with(spliced);
    FoundCalls found = served ? new FoundCalls(sent, encoding) : null;
    boolean mayAsk = !TRANSACTION_MODES.matcher(characters).find();
    boolean readsParameters = mayAsk && MentionScan.parameter(characters);
    Keys keys = mayAsk ? keys(text, installing, statements, nested) : Keys.NONE;
    return replacements.isEmpty() && found == null && !readsParameters && keys == Keys.NONE
        ? null
        : new Rewrite(
            ClientEncoding.restored(spliced),
            spans(characters, replacements, statements, encoding),
            keys,
            readsParameters,
            found);
  }

  /** The statements that are replaced in a text, in no order. */
  private List<Replacement> installations(
      SqlText text, List<ExtensionStatement> statements, List<NestedStatement> nestedStatements) {
    List<Replacement> replacements = new ArrayList<>();
    if (statements.size() + nestedStatements.size() > MAX_STATEMENTS) {
      return replacements;
    }
    for (ExtensionStatement statement : statements) {
      int start = statement.start();
      int end = statement.end();
      String block = installer.apply(statement, text.substring(start, end));
      replacements.add(new Replacement(start, end, block));
    }
    for (NestedStatement nested : nestedStatements) {
      String spelled = text.substring(nested.start(), nested.end());
      String block =
          NestedBlock.of(
              spelled, nested.written(), installer.apply(nested.statement(), nested.text()));
      if (block != null) {
        replacements.add(new Replacement(nested.start(), nested.end(), block));
      }
    }
    return replacements;
  }

  /** The views that are read in a text. */
  private List<Replacement> views(SqlText text) {
    List<ViewReference> references = ViewReferences.find(text);
    return references.size() > MAX_STATEMENTS
        ? List.of()
        : references.stream()
            .map(view -> view.subquery(text, availableExtensions.apply(view.view())))
            .toList();
  }

  /** Whether a parameter of a Parse message has no type, or that of a text. */
  private static boolean isText(@Nullable List<Integer> parameterTypes, int number) {
    return parameterTypes != null
        && number > 0
        && (number > parameterTypes.size() || TEXT_TYPES.contains(parameterTypes.get(number - 1)));
  }

  /**
   * @param installing whether statements on the extensions were replaced
   */
  private static Keys keys(
      SqlText text,
      boolean installing,
      List<ExtensionStatement> found,
      List<NestedStatement> nested) {
    if (installing && takesKeys(text, found, nested)) {
      return Keys.OF_STATEMENT;
    }
    SqlLexer lexer = text.lexer();
    lexer.next();
    return lexer.isKeyword("call") ? Keys.OF_PROCEDURE : Keys.NONE;
  }

  private static boolean takesKeys(
      SqlText text, List<ExtensionStatement> found, List<NestedStatement> nested) {
    if (found.stream().anyMatch(ExtensionInterceptor::storesKeys)) {
      return true;
    }
    List<Integer> storing =
        nested.stream()
            .filter(each -> storesKeys(each.statement()))
            .map(NestedStatement::start)
            .toList();
    return text.statements().stream()
        // DO executes the code in its string constants, rather than keeps it.
        .filter(statement -> text.firstWord(statement).equals("do"))
        .anyMatch(
            block ->
                storing.stream().anyMatch(start -> start > block.start() && start < block.end()));
  }

  private static boolean storesKeys(ExtensionStatement statement) {
    return switch (statement.kind()) {
      case CREATE, ALTER_UPDATE -> statement.extension().equals(AWS_LAMBDA);
      case ALTER_SET_SCHEMA, DROP, COMMENT -> false;
    };
  }

  private static List<ReplacedSpan> spans(
      String text,
      List<Replacement> replacements,
      List<ExtensionStatement> statements,
      ClientEncoding encoding) {
    Map<Integer, ExtensionStatement> byStart = new HashMap<>();
    statements.forEach(statement -> byStart.put(statement.start(), statement));
    List<ReplacedSpan> spans = ReplacedSpan.within(text, replacements, encoding);
    for (int i = 0; i < spans.size(); i++) {
      ExtensionStatement statement = byStart.get(replacements.get(i).start());
      if (statement != null) {
        String tag = statement.kind().commandTag();
        spans.set(i, spans.get(i).withTag(statement.statementIndex(), tag));
      }
    }
    return spans;
  }
}

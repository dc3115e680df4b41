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
import dev.pglambda.sql.NestedStatements;
import dev.pglambda.sql.Replacement;
import dev.pglambda.sql.SqlLexer;
import dev.pglambda.sql.SqlText;
import dev.pglambda.sql.ViewReference;
import dev.pglambda.sql.ViewReferences;
import dev.pglambda.sql.ViewSubquery;
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
      nested = NestedStatements.find(text);
    }
    List<TaggedReplacement> replacements = installations(text, statements, nested);
    boolean installing = !replacements.isEmpty();
    if (MentionScan.availableExtensions(characters)) {
      replacements.addAll(views(text));
    }
    boolean mayCall = MentionScan.functionCall(characters);
    if (mayCall) {
      AmbiguousCalls.find(text, number -> isText(parameterTypes, number))
          .forEach(insertion -> replacements.add(TaggedReplacement.untagged(insertion)));
    }
    replacements.sort(Comparator.comparingInt(each -> each.replacement().start()));
    String spliced =
        Replacement.splice(
            characters, replacements.stream().map(TaggedReplacement::replacement).toList());
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
            spans(characters, replacements, encoding),
            keys,
            readsParameters,
            found);
  }

  /** The statements that are replaced in a text, in no order. */
  private List<TaggedReplacement> installations(
      SqlText text, List<ExtensionStatement> statements, List<NestedStatement> nestedStatements) {
    List<TaggedReplacement> replacements = new ArrayList<>();
    if (statements.size() + nestedStatements.size() > MAX_STATEMENTS) {
      return replacements;
    }
    for (ExtensionStatement statement : statements) {
      int start = statement.start();
      int end = statement.end();
      String block = installer.apply(statement, text.substring(start, end));
      replacements.add(
          new TaggedReplacement(
              statement.statementIndex(),
              statement.kind().commandTag(),
              new Replacement(start, end, block)));
    }
    for (NestedStatement nested : nestedStatements) {
      String spelled = text.substring(nested.start(), nested.end());
      String block =
          NestedBlock.of(
              spelled, nested.written(), installer.apply(nested.statement(), nested.text()));
      if (block != null) {
        replacements.add(
            TaggedReplacement.untagged(new Replacement(nested.start(), nested.end(), block)));
      }
    }
    return replacements;
  }

  /** The views that are read in a text. */
  private List<TaggedReplacement> views(SqlText text) {
    List<ViewReference> references = ViewReferences.find(text);
    return references.size() > MAX_STATEMENTS
        ? List.of()
        : references.stream()
            .map(view -> ViewSubquery.of(view, text, availableExtensions.apply(view.view())))
            .map(TaggedReplacement::untagged)
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
    List<NestedStatement> storing =
        nested.stream().filter(each -> storesKeys(each.statement())).toList();
    return !storing.isEmpty()
        && text.statements().stream()
            // DO executes the code in its string constants, rather than keeps it.
            .filter(statement -> text.firstWord(statement).equals("do"))
            .anyMatch(
                block ->
                    storing.stream()
                        .anyMatch(
                            each -> each.start() > block.start() && each.start() < block.end()));
  }

  private static boolean storesKeys(ExtensionStatement statement) {
    return switch (statement.kind()) {
      case CREATE, ALTER_UPDATE -> statement.extension().equals(AWS_LAMBDA);
      case ALTER_SET_SCHEMA, DROP, COMMENT -> false;
    };
  }

  private static List<ReplacedSpan> spans(
      String text, List<TaggedReplacement> replacements, ClientEncoding encoding) {
    List<ReplacedSpan> untagged =
        ReplacedSpan.within(
            text, replacements.stream().map(TaggedReplacement::replacement).toList(), encoding);
    List<ReplacedSpan> spans = new ArrayList<>();
    for (int i = 0; i < replacements.size(); i++) {
      TaggedReplacement each = replacements.get(i);
      spans.add(untagged.get(i).withTag(each.index(), each.commandTag()));
    }
    return spans;
  }

  /** What is replaced, with the index and command tag of {@link ReplacedSpan}. */
  private record TaggedReplacement(int index, String commandTag, Replacement replacement) {
    static TaggedReplacement untagged(Replacement replacement) {
      return new TaggedReplacement(ReplacedSpan.NESTED, "", replacement);
    }
  }
}

package dev.pglambda.sql;

import dev.pglambda.sql.ExtensionCall.Argument;
import dev.pglambda.sql.ExtensionCall.Function;
import dev.pglambda.sql.NestedBodies.Body;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;

/**
 * Finds the calls of {@code aws_lambda.invoke} in the form of AWS's guide that PostgreSQL does not
 * resolve, and adds what is missing.
 *
 * <pre>
 *   invoke('name',                 '{}'::json, 'Event', 'None',       NULL, 'qualifier')   42725, not unique
 *   invoke('name'::pg_catalog.text, '{}'::json, 'Event', 'None', NULL, NULL, 'qualifier')  the text overload
 * </pre>
 *
 * <p>Six arguments fit the composite overload (.., invocation type, log type, context, qualifier)
 * and the text overload (.., region, invocation type, log type, context). That the third is an
 * invocation type, which no region's name is, tells which was meant. A text as first argument, be
 * it a plain name or {@code (name,region)}, is what the function reads in the composite overload's
 * way if an invocation type stands in the place of the region; the log type that is missing between
 * the two ways is added as NULL.
 *
 * <p>PostgreSQL only fails to resolve the call if the first, fifth and sixth argument have no type
 * of their own (manual, "Function Type Resolution"): constants in quotes, NULL, and parameters
 * without a type. In a {@code PREPARE} parameters are those of that statement.
 */
public final class AmbiguousCalls {
  private static final Set<String> INVOCATION_TYPES = Set.of("RequestResponse", "Event", "DryRun");
  private static final int ARGUMENTS = 6;
  private static final String CAST = "::pg_catalog.text";
  private static final String LOG_TYPE = "NULL, ";

  private final SqlText text;
  private final MappedText source;
  private final IntPredicate isTextParameter;

  private AmbiguousCalls(MappedText source, IntPredicate isTextParameter) {
    this.text = source.text();
    this.source = source;
    this.isTextParameter = isTextParameter;
  }

  /**
   * Finds what is to be inserted in a text, and in the bodies and constants in it that are
   * executed, by ascending position. Parameters, numbered from 1, are tested for no type or that of
   * a text.
   */
  public static List<Replacement> find(SqlText text, IntPredicate isTextParameter) {
    List<Replacement> insertions = new ArrayList<>();
    new AmbiguousCalls(MappedText.of(text), isTextParameter).find(insertions);
    for (Body body : text.bodies()) {
      // The parameters of a body are typed variables.
      new AmbiguousCalls(body.source(), number -> false).find(insertions);
    }
    insertions.sort(Comparator.comparingInt(Replacement::start));
    return List.copyOf(insertions);
  }

  private void find(List<Replacement> insertions) {
    if (text.calls().isEmpty()) {
      return;
    }
    List<PrepareStatement> prepared = PrepareStatement.find(text);
    int next = 0;
    for (ExtensionCall call : text.calls()) {
      while (next < prepared.size() && prepared.get(next).end() < call.end()) {
        next++;
      }
      boolean inPrepare = next < prepared.size() && prepared.get(next).start() < call.start();
      if (isUnresolved(call, inPrepare ? prepared.get(next)::isText : isTextParameter)) {
        int nameEnd = source.end(call.arguments().get(0).end());
        int context = source.start(call.arguments().get(4).start());
        insertions.add(new Replacement(nameEnd, nameEnd, CAST));
        insertions.add(new Replacement(context, context, LOG_TYPE));
      }
    }
  }

  private boolean isUnresolved(ExtensionCall call, IntPredicate isTextParameter) {
    List<Argument> arguments = call.arguments();
    return call.function() == Function.INVOKE
        && arguments.size() == ARGUMENTS
        && arguments.stream().allMatch(argument -> argument.name() == null)
        && isText(arguments.get(0), isTextParameter)
        && !isUntyped(arguments.get(1), isTextParameter)
        && isInvocationType(arguments.get(2))
        && isUntyped(arguments.get(4), isTextParameter)
        && isUntyped(arguments.get(5), isTextParameter);
  }

  private boolean isText(Argument argument, IntPredicate isTextParameter) {
    return isConstant(argument) || isParameter(argument, isTextParameter);
  }

  private boolean isUntyped(Argument argument, IntPredicate isTextParameter) {
    return isText(argument, isTextParameter)
        || (argument.token() == TokenKind.IDENTIFIER && lexer(argument).isKeyword("null"));
  }

  private boolean isInvocationType(Argument argument) {
    if (!isConstant(argument)) {
      return false;
    }
    String value = lexer(argument).stringValue();
    return value != null && INVOCATION_TYPES.contains(value);
  }

  private static boolean isConstant(Argument argument) {
    return argument.token() != null && argument.token().isStringConstant();
  }

  private boolean isParameter(Argument argument, IntPredicate isTextParameter) {
    int number = lexer(argument).parameter();
    return argument.token() == TokenKind.PARAMETER && number > 0 && isTextParameter.test(number);
  }

  /** A cursor at the argument's first token. */
  private SqlLexer lexer(Argument argument) {
    SqlLexer lexer = text.lexer(argument.start(), argument.end());
    lexer.next();
    return lexer;
  }

  /**
   * A {@code PREPARE name (types) AS ..} in a text: its parameters have the types that it lists,
   * and those beyond the list are of unknown type (manual, "PREPARE").
   *
   * @param start offset of its key word
   * @param end offset just past its last token
   * @param textParameters for each type of the list, whether it is that of a text, or unknown
   */
  private record PrepareStatement(int start, int end, List<Boolean> textParameters) {
    private static final Pattern TEXT_TYPE =
        Pattern.compile(
            "((pg_catalog \\. )?(text|unknown|varchar)|(national )?char(acter)? varying|nchar"
                + " varying)( \\( \\d+ \\))?");

    /** Whether a parameter of it, counted from 1, has no type or that of a text. */
    boolean isText(int number) {
      return number > textParameters.size() || (number > 0 && textParameters.get(number - 1));
    }

    /**
     * Finds the statements, in order, at the top level of a text or of a body in plpgsql: nowhere
     * else are their key words in the same sequence.
     */
    static List<PrepareStatement> find(SqlText text) {
      List<PrepareStatement> found = new ArrayList<>();
      SqlLexer lexer = text.lexer();
      lexer.next();
      while (lexer.kind() != TokenKind.END) {
        if (lexer.isKeyword("prepare")) {
          int start = lexer.start();
          List<Boolean> textParameters = new ArrayList<>();
          if (readHead(lexer, textParameters)) {
            found.add(new PrepareStatement(start, skipStatement(lexer), textParameters));
          }
        } else {
          lexer.next();
        }
      }
      return found;
    }

    /** Reads up to AS, or up to what should not be there. */
    private static boolean readHead(SqlLexer lexer, List<Boolean> textParameters) {
      lexer.next();
      if (!lexer.kind().isIdentifier()) {
        return false;
      }
      lexer.next();
      if (lexer.is('(')) {
        readTypes(lexer, textParameters);
      }
      return lexer.isKeyword("as");
    }

    private static void readTypes(SqlLexer lexer, List<Boolean> textParameters) {
      StringBuilder type = new StringBuilder();
      int parentheses = 1;
      while (parentheses > 0 && lexer.next() != TokenKind.END) {
        parentheses += lexer.is('(') ? 1 : lexer.is(')') ? -1 : 0;
        if (parentheses == 0 || (parentheses == 1 && lexer.is(','))) {
          textParameters.add(TEXT_TYPE.matcher(type.toString().strip()).matches());
          type.setLength(0);
        } else {
          String name = lexer.identifier();
          type.append(name == null ? lexer.text() : name).append(' ');
        }
      }
      lexer.next();
    }

    private static int skipStatement(SqlLexer lexer) {
      int end = lexer.end();
      while (lexer.next() != TokenKind.END && !lexer.is(';')) {
        end = lexer.end();
      }
      return end;
    }
  }
}

package dev.pglambda.direct.resolve;

import dev.pglambda.direct.resolve.Overload.Parameter;
import dev.pglambda.direct.resolve.WrittenCall.Expression;
import dev.pglambda.direct.resolve.WrittenCall.WrittenArgument;
import dev.pglambda.sql.ExtensionCall.Function;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;

/** Calls with all kinds of arguments: all of the short ones, and a seeded choice of the others. */
final class WrittenCalls {
  static final String ARN = "aws_commons._lambda_function_arn_1";

  /** What {@link #TYPES} needs of a database that has the extensions. */
  static final List<String> SETUP =
      List.of(
          "CREATE DOMAIN text_domain AS text",
          "CREATE DOMAIN nested_domain AS text_domain",
          "CREATE DOMAIN varchar_domain AS varchar(5)",
          "CREATE DOMAIN json_domain AS json",
          "CREATE DOMAIN arn_domain AS " + ARN,
          "CREATE TYPE color AS ENUM ('red')",
          "CREATE TYPE shape AS ENUM ('round')",
          "CREATE CAST (shape AS text) WITH INOUT AS IMPLICIT",
          "CREATE CAST (shape AS json) WITH INOUT AS IMPLICIT",
          "CREATE CAST (shape AS varchar) WITH INOUT AS ASSIGNMENT",
          "CREATE TYPE pair AS (function_name text, region text)",
          "CREATE TYPE arn_like AS (function_name text, region text)",
          "CREATE FUNCTION to_arn(arn_like) RETURNS "
              + ARN
              + " LANGUAGE sql AS 'SELECT NULL, NULL'",
          "CREATE CAST (arn_like AS " + ARN + ") WITH FUNCTION to_arn(arn_like) AS IMPLICIT",
          "CREATE TABLE arn_table OF " + ARN);

  /** Makes several candidates fit; some applications create the like for their drivers. */
  static final List<String> CASTS =
      List.of(
          "CREATE CAST (varchar AS json) WITH INOUT AS IMPLICIT",
          "CREATE CAST (varchar AS jsonb) WITH INOUT AS IMPLICIT",
          "CREATE CAST (varchar AS " + ARN + ") WITH INOUT AS IMPLICIT",
          "CREATE CAST (text AS " + ARN + ") WITH INOUT AS IMPLICIT",
          "CREATE CAST (json AS text) WITH INOUT AS IMPLICIT",
          "CREATE CAST (json AS varchar) WITH INOUT AS IMPLICIT",
          "CREATE CAST (name AS jsonb) WITH INOUT AS IMPLICIT",
          "CREATE CAST (xml AS jsonb) WITH INOUT AS IMPLICIT",
          "CREATE CAST (" + ARN + " AS text) WITH INOUT AS IMPLICIT");

  /** The types that the server is asked for. */
  static final List<String> TYPES =
      List.of(
          "text",
          "varchar",
          "bpchar",
          "name",
          "\"char\"",
          "json",
          "jsonb",
          "int4",
          "bool",
          "record",
          ARN,
          ARN + "[]",
          "text_domain",
          "nested_domain",
          "varchar_domain",
          "json_domain",
          "arn_domain",
          "regclass",
          "color",
          "shape",
          "xml",
          "pair",
          "arn_like",
          "arn_table",
          "varchar_domain[]");

  private static final Expression UNKNOWN = new Expression("''", null);

  private static final List<Expression> EXPRESSIONS = expressions();

  /** Of these all lists are made. */
  private static final List<Expression> USUAL =
      List.of(
          UNKNOWN,
          Expression.constant("text"),
          Expression.constant("json"),
          Expression.constant(ARN));

  private static final List<List<String>> BASES =
      List.of(
          List.of("", "", "", "", "", "", ""),
          List.of("text", "json", "text", "text", "text", "json", "varchar"),
          List.of(ARN, "jsonb", "text", "text", "jsonb", "varchar"),
          List.of("", "json", "", "", "", ""),
          List.of("", "jsonb", "text", "", "", ""),
          List.of("varchar", "", "", "", ""),
          List.of("record", "json", "", "", "", "text"));

  private static final List<String> NAMES =
      List.of(
          "function_name",
          "payload",
          "region",
          "invocation_type",
          "log_type",
          "context",
          "qualifier",
          "status_code",
          "executed_version",
          "Payload",
          "nonsense");

  private final Random random;

  private WrittenCalls(long seed) {
    this.random = new Random(seed);
  }

  /**
   * Makes the calls.
   *
   * @param randomCalls how many of them are chosen by the seed
   */
  static List<WrittenCall> of(long seed, int randomCalls) {
    List<WrittenCall> calls = new ArrayList<>();
    for (Function function : Function.values()) {
      for (int length = 0; length <= 2; length++) {
        lists(EXPRESSIONS, length).forEach(list -> calls.add(positional(function, list)));
      }
    }
    for (int length = 3; length <= 5; length++) {
      lists(USUAL, length).forEach(list -> calls.add(positional(Function.INVOKE, list)));
    }
    BASES.forEach(base -> addVariations(base, calls));
    calls.add(positional(Function.INVOKE, Collections.nCopies(100, UNKNOWN)));
    calls.add(positional(Function.INVOKE, Collections.nCopies(101, UNKNOWN)));
    WrittenCalls generator = new WrittenCalls(seed);
    for (int i = 0; i < randomCalls; i++) {
      calls.add(generator.next());
    }
    return calls;
  }

  private static List<Expression> expressions() {
    List<Expression> expressions = new ArrayList<>();
    expressions.add(UNKNOWN);
    expressions.add(new Expression("NULL", null));
    expressions.add(Expression.parameter(null));
    expressions.add(Expression.parameter("text"));
    expressions.add(new Expression("NULL::varchar(5)", "varchar"));
    for (String type : TYPES) {
      expressions.add(
          type.equals("record")
              ? new Expression("ROW('a', 'b')", type)
              : Expression.constant(type));
    }
    return List.copyOf(expressions);
  }

  private static Stream<List<Expression>> lists(List<Expression> of, int length) {
    if (length == 0) {
      return Stream.of(List.of());
    }
    return lists(of, length - 1)
        .flatMap(
            list ->
                of.stream().map(last -> Stream.concat(list.stream(), Stream.of(last)).toList()));
  }

  private static WrittenCall positional(Function function, List<Expression> expressions) {
    return new WrittenCall(
        function,
        expressions.stream().map(expression -> new WrittenArgument(null, expression)).toList());
  }

  /** A list, its beginnings, and with each of its arguments replaced by each of the others. */
  private static void addVariations(List<String> base, List<WrittenCall> calls) {
    List<Expression> list = base.stream().map(WrittenCalls::ofType).toList();
    for (int length = 3; length <= list.size(); length++) {
      for (int at = 0; at < length; at++) {
        for (Expression expression : EXPRESSIONS) {
          List<Expression> varied = new ArrayList<>(list.subList(0, length));
          varied.set(at, expression);
          calls.add(positional(Function.INVOKE, varied));
        }
      }
    }
  }

  private static Expression ofType(String type) {
    return EXPRESSIONS.stream()
        .filter(expression -> Objects.requireNonNullElse(expression.type(), "").equals(type))
        .findFirst()
        .orElseThrow();
  }

  private WrittenCall next() {
    Function function =
        random.nextInt(8) == 0 ? Function.CREATE_LAMBDA_FUNCTION_ARN : Function.INVOKE;
    int size = random.nextInt(9);
    int positional = random.nextBoolean() ? size : random.nextInt(size + 1);
    List<Parameter> parameters =
        Overload.of(function).get(random.nextInt(Overload.of(function).size())).parameters();
    List<WrittenArgument> arguments = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      boolean misplaced = i > positional && random.nextInt(40) == 0;
      if (i < positional || misplaced) {
        ParameterType type = parameters.get(Math.min(i, parameters.size() - 1)).type();
        arguments.add(new WrittenArgument(null, expression(type)));
      } else {
        arguments.add(named(parameters, arguments));
      }
    }
    return new WrittenCall(function, arguments);
  }

  /** Mostly a parameter that has no argument yet. */
  private WrittenArgument named(List<Parameter> parameters, List<WrittenArgument> before) {
    if (random.nextInt(16) == 0) {
      String name = NAMES.get(random.nextInt(NAMES.size()));
      return new WrittenArgument(name, EXPRESSIONS.get(random.nextInt(EXPRESSIONS.size())));
    }
    List<String> names = before.stream().map(WrittenArgument::name).toList();
    long positional = names.stream().filter(Objects::isNull).count();
    List<Parameter> free =
        parameters.stream()
            .skip(positional)
            .filter(parameter -> !names.contains(parameter.name()))
            .toList();
    Parameter parameter =
        free.isEmpty()
            ? parameters.get(random.nextInt(parameters.size()))
            // The first two must be there.
            : free.get(random.nextBoolean() ? 0 : random.nextInt(free.size()));
    return new WrittenArgument(parameter.name(), expression(parameter.type()));
  }

  /** Mostly one that a parameter takes. */
  private Expression expression(ParameterType type) {
    if (random.nextInt(8) == 0) {
      return EXPRESSIONS.get(random.nextInt(EXPRESSIONS.size()));
    }
    List<String> fitting =
        switch (type) {
          case TEXT, VARCHAR ->
              List.of("text", "varchar", "text_domain", "name", "shape", "bpchar");
          case JSON -> List.of("json", "json", "json_domain", "shape");
          case JSONB -> List.of("jsonb");
          case ARN -> List.of(ARN, "record", "arn_domain", "arn_like", "arn_table");
        };
    String chosen = fitting.get(random.nextInt(fitting.size()));
    return switch (random.nextInt(5)) {
      case 0 -> UNKNOWN;
      case 1 -> Expression.parameter(null);
      case 2 -> chosen.equals("record") ? UNKNOWN : Expression.parameter(chosen);
      default -> ofType(chosen);
    };
  }
}

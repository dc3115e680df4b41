package dev.pglambda.client.direct;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Calls of the extension's functions with arguments of all kinds, right ones and wrong ones. */
final class RandomArguments {
  private static final String[] NAMES = {
    "{name}",
    "{name}",
    "{name}",
    "{name}",
    "{name}::text",
    "(({name})::varchar)",
    "CAST({name} AS text)",
    "text 'echo'",
    "lower({name})",
    "coalesce({name}, 'echo')",
    "coalesce(NULL, {name}::text, 'fixed')",
    "CASE WHEN {int}::int > 1 THEN {name}::text ELSE 'fixed' END",
    "(SELECT {name}::text)",
    "(SELECT name FROM t WHERE id = 1)",
    "(SELECT name FROM t WHERE id = 99)",
    "said({name})",
    "'ec' || 'ho'",
    "concat('', {name}::text)",
    "substr('xecho', 2)",
    "'echo'::name",
    "'echo'::varchar(4)",
    "(ARRAY['echo', {name}])[{int}::int]",
    "'ec' -- broken\n 'ho'",
    "'echo' COLLATE \"C\"",
    "({name} COLLATE \"C\")",
    "current_setting('no.such', true)",
    "!1",
    "!missing",
    "!t.name",
    "!'echo'::json",
    "(VALUES ({name}::text))",
    "format('%s', {name}::text)",
    "nullif({name}::text, 'fixed')",
  };

  private static final String[] REGIONS = {
    "{region}",
    "{region}",
    "NULL",
    "'us-west-2'::text",
    "lower('US-WEST-2')",
    "(SELECT {region}::text)",
    "{region}::varchar"
  };

  private static final String[] INVOCATIONS = {
    "{invocation}", "{invocation}", "'Event'", "'RequestResponse'", "'DryRun'::text", "NULL"
  };

  private static final String[] LOGS = {"{log}", "{log}", "'Tail'", "'None'", "'Tail'::text"};

  private static final String[] QUALIFIERS = {
    "{qualifier}", "{qualifier}", "'v1'::varchar(128)", "'prod'::text", "NULL", "$$v1$$"
  };

  private static final String[] COMPOSITES = {
    "ROW('echo', NULL)", "ROW({name}::text, {region}::text)", "('fixed', 'us-west-2')"
  };

  /** The type has to be there. */
  private static final String[] INSTALLED_COMPOSITES = {
    "'(echo,us-west-2)'::aws_commons._lambda_function_arn_1",
    "{name}::aws_commons._lambda_function_arn_1",
    "ROW({name}, {region})::aws_commons._lambda_function_arn_1",
    "CAST(ROW('fixed', NULL) AS aws_commons._lambda_function_arn_1)",
    "NULL::aws_commons._lambda_function_arn_1",
    "(SELECT aws_commons.create_lambda_function_arn('echo'))"
  };

  /** JSON stands for json and jsonb. */
  private static final String[] PAYLOADS = {
    "{json}::JSON",
    "{json}::JSON",
    "{json}::JSON",
    "{json}::JSON",
    "CAST({json} AS JSON)",
    "JSON '{\"a\": 1}'",
    "'{\"n\": \"5\", \"a\": [1, 2]}'::JSON",
    "to_JSON(1 + {int}::int)",
    "to_JSON({text}::text)",
    "JSON_build_object('k', {text}::text, 'n', {int}::int, 'z', NULL)",
    "JSON_build_array(1, 'a', {text}::text, true)",
    "(SELECT JSON_agg(id ORDER BY id) FROM t)",
    "(SELECT JSON_agg(t ORDER BY id) FROM t WHERE id < {int}::int)",
    "to_JSON(ARRAY[1, {int}::int])",
    "('{\"b\":' || {int}::int || '}')::JSON",
    "to_JSON(nextval('s'))",
    "to_JSON(said({text}::text))",
    "!to_JSON(1 / 0)",
    "to_JSON((SELECT 1 / (id - 1) FROM t WHERE id = 1))",
    "!to_JSON(missing)",
    "to_JSON((SELECT id FROM t))",
    "!'{\"open\": '::JSON",
    "NULL::JSON",
    "'{\"x\": {\"y\": [1, 2]}}'::JSON -> 'x'",
    "('{\"a\": {\"b\": 2}}'::JSON) #> '{a,b}'",
    "CASE WHEN {int}::int > 1 THEN '1'::JSON ELSE '[2]' END",
    "coalesce({json}::JSON, '0')",
    "JSON_strip_nulls('{\"a\": null}')",
    "to_JSON(1.50::numeric)",
    "to_JSON('2026-11-22'::date)",
    "to_JSON(NULL::text)",
    "to_JSON('\u00e9\u20ac\ud83d\ude00'::text)",
    "JSON_object('{a,1,b,2}')",
    "to_JSON({json}::text)",
    "to_JSON(ROW(1, 'x'))",
    "({json}::JSON)",
    "to_JSON({int}::int IN (1, 2))",
    "to_JSON(extract(year FROM '2026-11-22'::date)::int)",
    "!{json}",
    "!{json}",
    "!{int}",
    "!{json}::text"
  };

  private static final String[] CONTEXTS = {
    "{json}::JSON",
    "'{\"custom\": {\"a\": 1}}'::JSON",
    "!'{\"custom\": {\"a\": 1}}'",
    "JSON_build_object('custom', JSON_build_object('k', {text}::text))",
    "!NULL",
    "NULL::JSON",
    "!{json}"
  };

  private static final String[] GAPS = {
    "", "", "", "", "", "", " ", " ", "\n", "/* a, (b */", "-- it's\n", "/*/**/ $$ */", "\t"
  };

  private static final String[] INVOKES = {
    "aws_lambda.invoke",
    "aws_lambda.invoke",
    "aws_lambda.invoke",
    "AWS_LAMBDA.Invoke",
    "\"aws_lambda\".\"invoke\"",
    "aws_lambda . /* . */ invoke",
    "aws_lambda\n.invoke"
  };

  private final Random random;
  private final RandomExpressions expressions;
  private final boolean installed;

  /**
   * @param installed whether there may be what only the extension has
   */
  RandomArguments(Random random, RandomExpressions expressions, boolean installed) {
    this.random = random;
    this.expressions = expressions;
    this.installed = installed;
  }

  /** An argument, and the name of its parameter. */
  private record Given(String name, String expression) {}

  /** A call of {@code aws_lambda.invoke}. */
  String invoke() {
    String json = random.nextBoolean() ? "json" : "jsonb";
    boolean composite = random.nextInt(3) == 0;
    List<Given> given = new ArrayList<>();
    given.add(new Given("function_name", composite ? composite() : expressions.one(NAMES)));
    given.add(new Given("payload", expressions.one(of(json, PAYLOADS))));
    int more = random.nextInt(3) > 0 ? random.nextInt(3) : random.nextInt(7);
    if (!composite && more-- > 0) {
      given.add(new Given("region", expressions.one(REGIONS)));
    }
    if (more-- > 0) {
      given.add(new Given("invocation_type", expressions.one(INVOCATIONS)));
    }
    if (more-- > 0) {
      given.add(new Given("log_type", expressions.one(LOGS)));
    }
    if (more-- > 0) {
      given.add(new Given("context", expressions.one(of(json, CONTEXTS))));
    }
    if (more-- > 0) {
      given.add(new Given("qualifier", expressions.one(QUALIFIERS)));
    }
    while (more-- > 2 && expressions.errs()) {
      given.add(new Given("surplus", expressions.one("{text}", "1")));
    }
    return call(INVOKES[random.nextInt(INVOKES.length)], given);
  }

  /** A call of {@code aws_commons.create_lambda_function_arn}. */
  String arn() {
    List<Given> given = new ArrayList<>();
    given.add(new Given("function_name", expressions.one(NAMES)));
    if (random.nextInt(3) > 0) {
      given.add(new Given("region", expressions.one(REGIONS)));
    }
    return call(
        random.nextInt(4) == 0
            ? "Aws_Commons.\"create_lambda_function_arn\""
            : "aws_commons.create_lambda_function_arn",
        given);
  }

  private String composite() {
    if (random.nextInt(4) > 0) {
      return random.nextInt(8) == 0 ? "(" + arn() + ")" : arn();
    }
    return installed && random.nextBoolean()
        ? expressions.one(INSTALLED_COMPOSITES)
        : expressions.one(COMPOSITES);
  }

  private static String[] of(String json, String[] templates) {
    String[] typed = new String[templates.length];
    for (int i = 0; i < templates.length; i++) {
      typed[i] = templates[i].replace("JSON", json);
    }
    return typed;
  }

  private String call(String function, List<Given> given) {
    List<Given> arguments = new ArrayList<>(given);
    if (random.nextInt(12) == 0 && expressions.errs()) {
      arguments.remove(random.nextInt(arguments.size()));
    }
    int named = arguments.size();
    if (random.nextInt(4) == 0) {
      named = random.nextInt(arguments.size() + 1);
      // The first two must be there, the others need not.
      for (int i = arguments.size() - 1; i >= Math.max(named, 2); i--) {
        if (random.nextInt(4) == 0) {
          arguments.remove(i);
        }
      }
      named = Math.min(named, arguments.size());
      Collections.shuffle(arguments.subList(named, arguments.size()), random);
    }
    StringBuilder call = new StringBuilder(function).append(gap()).append('(');
    for (int i = 0; i < arguments.size(); i++) {
      call.append(i == 0 ? "" : ",").append(i > 0 && random.nextInt(3) > 0 ? " " : gap());
      if (i >= named) {
        String name = arguments.get(i).name();
        if (!name.equals("function_name") && random.nextInt(12) == 0 && expressions.errs()) {
          name = "nonsense";
        }
        call.append(random.nextInt(5) == 0 ? '"' + name + '"' : name);
        call.append(gap()).append(random.nextBoolean() ? "=>" : ":=").append(' ');
      }
      call.append(arguments.get(i).expression()).append(gap());
    }
    return call.append(')').toString();
  }

  private String gap() {
    return GAPS[random.nextInt(GAPS.length)];
  }
}

package dev.pglambda.client.direct;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Fills in templates: {@code {name}} is a column, or a value of the kind of that name, as a
 * constant or as a parameter. A template that begins with an exclamation mark is an error, of which
 * a statement has one at most: which of several PostgreSQL tells depends on the order in which it
 * looks. For one statement.
 */
final class RandomExpressions {
  private static final char WRONG = '!';
  private static final Pattern PLACE = Pattern.compile("\\{([a-z]+)}");

  /**
   * What a value is for.
   *
   * @param oid object id of its type
   * @param values the usual ones more than once
   */
  record Kind(int oid, List<@Nullable String> values) {
    static final Kind NAME =
        kind(
            25,
            "echo",
            "echo",
            "echo",
            "echo",
            "echo",
            "echo",
            "fixed",
            "fixed",
            "logs",
            "nothing",
            "failing",
            "throttled",
            "missing",
            "html",
            "echo:v1",
            "(echo,us-west-2)",
            "(echo,)",
            "(fixed,",
            "(\"ec\"\"ho\",x)",
            "arn:aws:lambda:us-west-2:123456789012:function:echo",
            "",
            "n\u00e4me",
            null);

    static final Kind REGION =
        kind(
            25,
            "us-west-2",
            "us-west-2",
            "us-west-2",
            "eu-central-1",
            "aws-region",
            "",
            "no region",
            null,
            "Event");

    static final Kind INVOCATION =
        kind(
            25,
            "RequestResponse",
            "RequestResponse",
            "RequestResponse",
            "Event",
            "Event",
            "DryRun",
            "event",
            "",
            null);

    static final Kind LOG = kind(25, "None", "None", "Tail", "Tail", "tail", null);

    static final Kind QUALIFIER = kind(1043, "v1", "prod", "$LATEST", "not one", "", null);

    static final Kind TEXT =
        kind(25, "x", "it's", "\u00e9\u20ac\ud83d\ude00", "", "back\\slash", "\"200\"", null);

    static final Kind JSON =
        kind(
            114,
            "{\"a\": 1}",
            "{\"a\": {\"b\": [2]}, \"n\": \"12\"}",
            "1",
            "[1, \"two\", null]",
            "\"\u00e9\u20ac\ud83d\ude00\"",
            "{\"it's\": \"\\\"x\\\" \\n\"}",
            "null",
            " { \"n\" : 1e3, \"n\":2 } ",
            "{open",
            null);

    static final Kind INT = kind(23, "1", "2", "3", "7");

    static final Kind TRUE = kind(16, "true");

    private static final Map<String, Kind> BY_NAME =
        Map.of(
            "name",
            NAME,
            "region",
            REGION,
            "invocation",
            INVOCATION,
            "log",
            LOG,
            "qualifier",
            QUALIFIER,
            "text",
            TEXT,
            "json",
            JSON,
            "int",
            INT,
            "true",
            TRUE);

    private static Kind kind(int oid, @Nullable String... values) {
      return new Kind(oid, Arrays.asList(values));
    }

    static Kind named(String name) {
      return Objects.requireNonNull(BY_NAME.get(name), name);
    }

    @Nullable String value(Random random) {
      return values.get(random.nextInt(values.size()));
    }

    /** A value in binary format. */
    byte[] binary(String value) {
      if (equals(INT)) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(Integer.parseInt(value)).array();
      }
      return equals(TRUE) ? new byte[] {1} : value.getBytes(StandardCharsets.UTF_8);
    }
  }

  private final Random random;
  private final boolean mayHaveParameters;
  private final List<Kind> parameters = new ArrayList<>();
  private boolean mayErr;

  RandomExpressions(Random random, boolean mayHaveParameters) {
    this.random = random;
    this.mayErr = random.nextInt(3) == 0;
    this.mayHaveParameters = mayHaveParameters;
  }

  /** What the parameters are for, in order. */
  List<Kind> parameters() {
    return parameters;
  }

  /** Whether there is to be an error now; true only once. */
  boolean errs() {
    boolean errs = mayErr;
    mayErr = false;
    return errs;
  }

  /** One of the templates, filled in. */
  String one(String... templates) {
    return one(Map.of(), templates);
  }

  /** The same with columns, by their names in the templates. */
  String one(Map<String, String> columns, String... templates) {
    return PLACE
        .matcher(template(templates))
        .replaceAll(
            place -> {
              String column = columns.get(place.group(1));
              return Matcher.quoteReplacement(
                  column == null ? value(Kind.named(place.group(1))) : column);
            });
  }

  private String template(String... templates) {
    while (true) {
      String template = templates[random.nextInt(templates.length)];
      if (template.isEmpty() || template.charAt(0) != WRONG) {
        return template;
      }
      if (errs()) {
        return template.substring(1);
      }
    }
  }

  private String value(Kind kind) {
    if (!mayHaveParameters || random.nextInt(3) == 0) {
      return constant(kind);
    }
    int known = parameters.indexOf(kind);
    boolean sameType = kind.equals(Kind.TEXT) || kind.equals(Kind.TRUE);
    if (known >= 0 && random.nextInt(4) == 0 && (sameType || errs())) {
      return "$" + (known + 1);
    }
    parameters.add(kind);
    return "$" + parameters.size();
  }

  private String constant(Kind kind) {
    String value = kind.value(random);
    if (value != null && value.startsWith("{open") && !errs()) {
      value = null; // PostgreSQL sees that when it parses
    }
    if (value == null) {
      return random.nextBoolean() ? "NULL" : "null";
    }
    if (kind.equals(Kind.INT) || kind.equals(Kind.TRUE)) {
      return value;
    }
    String quoted = value.replace("'", "''");
    return switch (random.nextInt(12)) {
      case 0 -> "E'" + quoted.replace("\\", "\\\\") + "'";
      case 1 -> "e'" + escaped(quoted.replace("\\", "\\\\"), "\\u") + "'";
      case 2 -> "U&'" + escaped(quoted.replace("\\", "\\\\"), "\\") + "'";
      case 3 -> "$$" + value + "$$";
      case 4 -> "$q$" + value + "$q$";
      case 5 -> "('" + quoted + "')";
      case 6 -> value.isEmpty() ? "''" : "'" + quoted + "'\n ''";
      default -> "'" + quoted + "'";
    };
  }

  /** With the characters that are not ASCII as escapes. */
  private static String escaped(String text, String escape) {
    StringBuilder escaped = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      escaped.append(c < 128 ? String.valueOf(c) : escape + "%04x".formatted((int) c));
    }
    return escaped.toString();
  }
}

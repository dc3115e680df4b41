package dev.pglambda.lambda.project;

import dev.pglambda.lambda.FunctionReference;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * CloudFormation's intrinsic functions, as far as a template alone tells what they yield: its
 * parameters' defaults, pseudo parameters, mappings, conditions, and the names of its functions.
 */
final class Intrinsics {
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{(!?)([^}]*)}");
  private static final int MOST_LEVELS = 50;

  /** Of a text that is put together of others; a whole template may have a megabyte. */
  private static final int MOST_CHARACTERS = 1 << 16;

  private static final String NO_VALUE = "AWS::NoValue";

  private final SourceValue template;
  private final Map<String, String> pseudoParameters;
  private final Map<String, String> functionNames;

  /** Those that are decided: each may name others more than once. */
  private final Map<String, Boolean> conditions = new HashMap<>();

  private int level;

  /**
   * @param template whose parameters, mappings and conditions count
   * @param pseudoParameters values by name
   * @param functionNames names of functions by logical id; may change later
   */
  Intrinsics(
      SourceValue template,
      Map<String, String> pseudoParameters,
      Map<String, String> functionNames) {
    this.template = template;
    this.pseudoParameters = pseudoParameters;
    this.functionNames = functionNames;
  }

  /** What CloudFormation knows of a stack by itself, of which we know the region only. */
  static Map<String, String> pseudoParameters(String stack, Findings findings) {
    return Map.of(
        "AWS::Region",
        region(findings),
        "AWS::AccountId",
        FunctionReference.ACCOUNT,
        "AWS::Partition",
        "aws",
        "AWS::URLSuffix",
        "amazonaws.com",
        "AWS::StackName",
        stack);
  }

  /** A name for the stack of a folder: the folder's, if it has one. */
  static String stackOf(Path folder) {
    Path name = folder.getFileName();
    return name == null ? "stack" : name.toString();
  }

  static String region(Findings findings) {
    return Stream.of("AWS_REGION", "AWS_DEFAULT_REGION")
        .map(findings::variable)
        .filter(region -> region != null && !region.isBlank())
        .findFirst()
        .orElse("us-east-1");
  }

  /** The text of a scalar, or of what a function yields; null: no value. */
  @Nullable String text(SourceValue value) throws NotUsedException {
    SourceValue resolved = resolve(value);
    if (resolved != null && !resolved.isScalar()) {
      throw new NotUsedException(
          "a text is needed where there is %s".formatted(resolved.described()));
    }
    return resolved == null ? null : resolved.text();
  }

  private String someText(SourceValue value) throws NotUsedException {
    String text = text(value);
    return text == null ? "" : text;
  }

  /** What a function yields, or the value itself if it is none; null: no value. */
  @Nullable SourceValue resolve(SourceValue value) throws NotUsedException {
    if (value.entries().size() != 1) {
      return value;
    }
    if (level == MOST_LEVELS) {
      throw new NotUsedException("functions and conditions lead to each other");
    }
    level++;
    try {
      Map.Entry<String, SourceValue> call = value.entries().entrySet().iterator().next();
      return call(call.getKey(), call.getValue(), value);
    } finally {
      level--;
    }
  }

  private @Nullable SourceValue call(String function, SourceValue argument, SourceValue value)
      throws NotUsedException {
    return switch (function) {
      case "Ref" -> ref(argument);
      case "Fn::Sub" -> SourceValue.text(value.place(), sub(argument));
      case "Fn::GetAtt" -> SourceValue.text(value.place(), attribute(argument));
      case "Fn::Join" -> SourceValue.text(value.place(), join(argument));
      case "Fn::FindInMap" -> findInMap(argument);
      case "Fn::If" ->
          resolve(
              condition(text(element(argument, 0))) ? element(argument, 1) : element(argument, 2));
      default -> {
        if (function.startsWith("Fn::")) {
          throw new NotUsedException(function + " needs AWS");
        }
        yield value;
      }
    };
  }

  private static SourceValue element(SourceValue list, int index) throws NotUsedException {
    if (index >= list.elements().size()) {
      throw new NotUsedException(
          "%s: an intrinsic function has too few arguments".formatted(list.place()));
    }
    return list.elements().get(index);
  }

  private @Nullable SourceValue ref(SourceValue argument) throws NotUsedException {
    String name = argument.text();
    return name.equals(NO_VALUE) ? null : SourceValue.text(argument.place(), referenced(name));
  }

  private String referenced(String name) throws NotUsedException {
    String known = pseudoParameters.getOrDefault(name, functionNames.get(name));
    if (known != null) {
      return known;
    }
    SourceValue parameter = template.get("Parameters", name);
    if (parameter == null) {
      throw new NotUsedException(name + " is known to AWS only");
    }
    SourceValue type = parameter.get("Type");
    SourceValue byDefault = parameter.get("Default");
    if (byDefault == null || (type != null && type.text().startsWith("AWS::SSM::"))) {
      throw new NotUsedException("the parameter %s has no default value".formatted(name));
    }
    return byDefault.text();
  }

  private String attribute(SourceValue argument) throws NotUsedException {
    List<SourceValue> parts = argument.elements();
    return parts.size() == 2
        ? attribute(parts.get(0).text(), parts.get(1).text())
        : dotted(argument.text());
  }

  private String dotted(String text) throws NotUsedException {
    int dot = text.indexOf('.');
    return dot < 0 ? referenced(text) : attribute(text.substring(0, dot), text.substring(dot + 1));
  }

  private String attribute(String resource, String attribute) throws NotUsedException {
    String function = functionNames.get(resource);
    if (function == null || !attribute.equals("Arn")) {
      throw new NotUsedException("%s.%s is known to AWS only".formatted(resource, attribute));
    }
    return "arn:%s:lambda:%s:%s:function:%s"
        .formatted(
            pseudoParameters.get("AWS::Partition"),
            pseudoParameters.get("AWS::Region"),
            pseudoParameters.get("AWS::AccountId"),
            function);
  }

  private String sub(SourceValue argument) throws NotUsedException {
    boolean own = argument.elements().size() == 2;
    SourceValue text = own ? element(argument, 0) : argument;
    Map<String, SourceValue> variables = own ? element(argument, 1).entries() : Map.of();
    StringBuilder substituted = new StringBuilder();
    Matcher variable = VARIABLE.matcher(text.text());
    while (variable.find()) {
      String name = variable.group(2).strip();
      SourceValue value = variables.get(name);
      String replacement =
          !variable.group(1).isEmpty()
              ? "${" + variable.group(2) + "}"
              : value == null ? dotted(name) : someText(value);
      variable.appendReplacement(substituted, Matcher.quoteReplacement(replacement));
      limit(substituted.length());
    }
    return variable.appendTail(substituted).toString();
  }

  private String join(SourceValue argument) throws NotUsedException {
    StringBuilder joined = new StringBuilder();
    String separator = "";
    for (SourceValue part : element(argument, 1).elements()) {
      joined.append(separator).append(someText(part));
      limit(joined.length());
      separator = element(argument, 0).text();
    }
    return joined.toString();
  }

  /** Texts that consist of each other would fill the memory. */
  static void limit(int characters) throws NotUsedException {
    if (characters > MOST_CHARACTERS) {
      throw new NotUsedException("its text has more than %d characters".formatted(MOST_CHARACTERS));
    }
  }

  private SourceValue findInMap(SourceValue argument) throws NotUsedException {
    SourceValue found =
        template.get(
            "Mappings",
            someText(element(argument, 0)),
            someText(element(argument, 1)),
            someText(element(argument, 2)));
    if (found == null) {
      throw new NotUsedException("the mappings have no such entry");
    }
    return found;
  }

  /** Whether a condition of the template holds. */
  boolean condition(@Nullable String name) throws NotUsedException {
    SourceValue condition = name == null ? null : template.get("Conditions", name);
    if (condition == null) {
      throw new NotUsedException("there is no condition " + name);
    }
    Boolean decided = conditions.get(name);
    if (decided == null) {
      decided = holds(condition);
      conditions.put(name, decided);
    }
    return decided;
  }

  private boolean holds(SourceValue condition) throws NotUsedException {
    if (condition.entries().size() != 1 || level == MOST_LEVELS) {
      throw new NotUsedException("%s: no condition".formatted(condition.place()));
    }
    level++;
    try {
      Map.Entry<String, SourceValue> call = condition.entries().entrySet().iterator().next();
      SourceValue argument = call.getValue();
      return switch (call.getKey()) {
        case "Condition" -> condition(argument.text());
        case "Fn::Equals" -> someText(element(argument, 0)).equals(someText(element(argument, 1)));
        case "Fn::Not" -> !holds(element(argument, 0));
        case "Fn::And" -> count(argument) == argument.elements().size();
        case "Fn::Or" -> count(argument) > 0;
        default -> throw new NotUsedException(call.getKey() + " is no condition");
      };
    } finally {
      level--;
    }
  }

  private int count(SourceValue conditions) throws NotUsedException {
    int count = 0;
    for (SourceValue condition : conditions.elements()) {
      count += holds(condition) ? 1 : 0;
    }
    return count;
  }
}

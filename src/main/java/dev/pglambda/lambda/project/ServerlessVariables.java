package dev.pglambda.lambda.project;

import dev.pglambda.lambda.FunctionReference;
import dev.pglambda.lambda.project.SourceValue.Shape;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The variables of the Serverless Framework, such as <code>${self:custom.table, 'orders'}</code>,
 * as far as the files and the proxy's environment tell them. No option is given.
 */
final class ServerlessVariables {
  /** An innermost one. {@code ${AWS::Region}} and {@code ${Table}} are CloudFormation's. */
  private static final Pattern VARIABLE =
      Pattern.compile("\\$\\{(?!AWS::)([a-zA-Z][a-zA-Z0-9_-]*[:(][^${}]*)}");

  private static final Pattern COMMA_OUTSIDE_OF_QUOTES =
      Pattern.compile(",(?=(?:[^'\"]*['\"][^'\"]*['\"])*[^'\"]*$)");
  private static final Pattern QUOTED = Pattern.compile("'([^']*)'|\"([^\"]*)\"");
  private static final Pattern LITERAL = Pattern.compile("true|false|-?\\d+(\\.\\d+)?");
  private static final Pattern FILE = Pattern.compile("file\\(([^)]+)\\)(?::(.*))?");
  private static final int MOST_STEPS = 10_000;
  private static final int MOST_LEVELS = 50;

  private final Path folder;
  private final SourceValue root;
  private final Findings findings;
  private final Map<String, String> dotEnvironment = new HashMap<>();
  private final Map<Path, SourceValue> files = new HashMap<>();
  private int steps;
  private int level;

  ServerlessVariables(Path folder, SourceValue root, Findings findings) {
    this.folder = folder;
    this.root = root;
    this.findings = findings;
  }

  /** Adds variables of the environment, which those of the proxy's own hide. */
  void addEnvironment(Map<String, String> variables) {
    dotEnvironment.putAll(variables);
  }

  /** The service's value at an address with dots; null: there is none. */
  @Nullable SourceValue self(String address) throws NotUsedException {
    SourceValue value = at(root, address);
    if (value != null) {
      return value;
    }
    return switch (address) {
      case "provider.stage" -> SourceValue.text(root.place(), "dev");
      case "provider.region" -> SourceValue.text(root.place(), "us-east-1");
      default -> null;
    };
  }

  String stage() throws NotUsedException {
    SourceValue stage = self("provider.stage");
    return stage == null ? "dev" : stage.text();
  }

  private @Nullable SourceValue at(SourceValue from, String address) throws NotUsedException {
    SourceValue value = resolve(from);
    for (String key : address.isEmpty() ? new String[0] : address.split("\\.", -1)) {
      SourceValue next = value.entries().get(key);
      if (key.matches("\\d{1,6}") && Integer.parseInt(key) < value.elements().size()) {
        next = value.elements().get(Integer.parseInt(key));
      }
      if (next == null) {
        return null;
      }
      value = resolve(next);
    }
    return value.shape() == Shape.NULL ? null : value;
  }

  /** A value without variables, but for those within a list or map. */
  SourceValue resolve(SourceValue value) throws NotUsedException {
    if (!value.text().contains("${")) {
      return value;
    }
    if (level == MOST_LEVELS) {
      throw new NotUsedException("variables lead to each other");
    }
    level++;
    try {
      return substituted(value);
    } finally {
      level--;
    }
  }

  private SourceValue substituted(SourceValue value) throws NotUsedException {
    String text = value.text();
    for (Matcher found = VARIABLE.matcher(text); found.find(); found = VARIABLE.matcher(text)) {
      if (++steps > MOST_STEPS) {
        throw new NotUsedException("there are too many variables");
      }
      SourceValue replacement = expression(found.group(1), value.place());
      if (found.start() == 0 && found.end() == text.length()) {
        return replacement;
      } else if (!replacement.isScalar()) {
        throw new NotUsedException(
            "${%s} stands within a text and is none".formatted(found.group(1)));
      }
      text = text.substring(0, found.start()) + replacement.text() + text.substring(found.end());
      Intrinsics.limit(text.length());
    }
    return SourceValue.text(value.place(), text);
  }

  /** The first alternative that there is. */
  private SourceValue expression(String expression, String place) throws NotUsedException {
    String reason = "it is not there";
    for (String part : COMMA_OUTSIDE_OF_QUOTES.split(expression, -1)) {
      String alternative = part.strip();
      if (QUOTED.matcher(alternative).matches()) {
        return SourceValue.text(place, alternative.substring(1, alternative.length() - 1));
      } else if (LITERAL.matcher(alternative).matches()) {
        return SourceValue.text(place, alternative);
      }
      try {
        SourceValue value = source(alternative, place);
        if (value != null) {
          return value;
        }
      } catch (NotUsedException unresolved) {
        reason = unresolved.reason();
      }
    }
    throw new NotUsedException("${%s}: %s".formatted(expression, reason));
  }

  private @Nullable SourceValue source(String alternative, String place) throws NotUsedException {
    Matcher file = FILE.matcher(alternative);
    if (file.matches()) {
      String address = file.group(2);
      return at(file(file.group(1).strip()), address == null ? "" : address.strip());
    }
    int colon = alternative.indexOf(':');
    String address = alternative.substring(colon + 1).strip();
    return switch (alternative.substring(0, Math.max(colon, 0))) {
      case "self" -> self(address);
      case "param" -> parameter(address);
      case "opt" -> null;
      case "env" -> text(place, variable(address));
      case "sls" -> text(place, address.equals("stage") ? stage() : null);
      case "aws" ->
          text(
              place,
              switch (address) {
                case "region" -> Intrinsics.region(findings);
                case "accountId" -> FunctionReference.ACCOUNT;
                default -> null;
              });
      default -> throw new NotUsedException("only the framework knows " + alternative);
    };
  }

  private static @Nullable SourceValue text(String place, @Nullable String text) {
    return text == null ? null : SourceValue.text(place, text);
  }

  private @Nullable String variable(String name) {
    String own = findings.variable(name);
    return own == null ? dotEnvironment.get(name) : own;
  }

  private @Nullable SourceValue parameter(String name) throws NotUsedException {
    for (String address :
        new String[] {
          "stages.%s.params.%s".formatted(stage(), name),
          "params.%s.%s".formatted(stage(), name),
          "stages.default.params." + name,
          "params.default." + name
        }) {
      SourceValue value = self(address);
      if (value != null) {
        return value;
      }
    }
    return null;
  }

  private SourceValue file(String name) throws NotUsedException {
    Path path = folder.resolve(name).normalize();
    if (!name.matches(".*\\.(ya?ml|json)")) {
      throw new NotUsedException("%s is a program (expected: YAML or JSON)".formatted(path));
    }
    findings.watch(path);
    SourceValue known = files.get(path);
    if (known != null) {
      return known;
    }
    try {
      SourceValue content = SourceFile.read(path);
      files.put(path, content);
      return content;
    } catch (FunctionsException unreadable) {
      throw new NotUsedException(String.valueOf(unreadable.getMessage()));
    }
  }
}

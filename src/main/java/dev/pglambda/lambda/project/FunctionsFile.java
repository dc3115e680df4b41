package dev.pglambda.lambda.project;

import dev.pglambda.lambda.project.SourceValue.Shape;
import dev.pglambda.lambda.route.Fault;
import dev.pglambda.lambda.route.FaultKind;
import dev.pglambda.lambda.route.FunctionPattern;
import dev.pglambda.lambda.route.Route;
import dev.pglambda.lambda.route.Target;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The file of routes, whose form {@code docs/functions.schema.json} has for editors. Relative paths
 * begin at the file's folder.
 */
final class FunctionsFile {
  static final List<String> KEYS = List.of("routes", "$schema");
  static final List<String> ROUTE_KEYS =
      List.of("function", "local", "endpoint", "reply", "role", "faults");
  static final List<String> FAULT_KEYS =
      List.of("delay", "rate", "throttle", "timeout", "refuse", "unhandled");
  static final Pattern ROLE =
      Pattern.compile(
          "arn:aws[a-zA-Z-]*:iam::\\d{12}:role/([\\w+=,.@/-]{1,511}/)?[\\w+=,.@-]{1,64}");
  static final String ROLE_FORM = "a role's ARN, such as arn:aws:iam::111122223333:role/name";

  private static final String FUNCTION_FORM =
      "a function's name, in which * stands for any characters, an ARN, or a list of these";
  private static final String TARGETS = "exactly one of local, endpoint and reply";

  private final Path folder;
  private final Findings findings;

  FunctionsFile(Path folder, Findings findings) {
    this.folder = folder;
    this.findings = findings;
  }

  void read(SourceValue root) throws FunctionsException {
    Section file = Section.of(root, "the file", KEYS);
    String expected = "a list of routes";
    file.required("routes", expected);
    for (SourceValue route : file.list("routes", expected)) {
      readRoute(Section.of(route, "a route", ROUTE_KEYS));
    }
  }

  private void readRoute(Section route) throws FunctionsException {
    List<FunctionPattern> patterns = patterns(route.required("function", FUNCTION_FORM));
    String role = route.text("role", ROLE, ROLE_FORM);
    List<Fault> faults = faults(route);
    for (FunctionPattern pattern : patterns) {
      findings.add(new Route(pattern, target(route, pattern), role, faults));
    }
  }

  private static List<FunctionPattern> patterns(SourceValue function) throws FunctionsException {
    List<SourceValue> texts =
        function.shape() == Shape.LIST ? function.elements() : List.of(function);
    List<FunctionPattern> patterns = new ArrayList<>();
    for (SourceValue text : texts) {
      patterns.add(
          FunctionPattern.parse(text.isScalar() ? text.text() : "")
              .orElseThrow(() -> text.wrong("function", FUNCTION_FORM)));
    }
    if (patterns.isEmpty()) {
      throw function.wrong("function", "an empty list", FUNCTION_FORM);
    }
    return patterns;
  }

  private Target target(Section route, FunctionPattern pattern) throws FunctionsException {
    List<String> targets = route.present("local", "endpoint", "reply");
    if (targets.size() != 1) {
      throw route.wrong(
          "target", targets.isEmpty() ? "none" : String.join(" and ", targets), TARGETS);
    }
    String key = targets.get(0);
    SourceValue value = route.required(key, TARGETS);
    return switch (key) {
      case "local" -> new LocalSection(folder, findings).read(value, pattern);
      case "endpoint" -> EndpointSection.read(value);
      default -> ReplySection.read(value);
    };
  }

  private static List<Fault> faults(Section route) throws FunctionsException {
    List<Fault> faults = new ArrayList<>();
    for (SourceValue fault : route.list("faults", "a list of faults")) {
      faults.add(fault(Section.of(fault, "a fault", FAULT_KEYS)));
    }
    return faults;
  }

  private static Fault fault(Section fault) throws FunctionsException {
    List<String> kinds = fault.present("delay", "throttle", "timeout", "refuse", "unhandled");
    if (kinds.size() != 1) {
      throw fault.wrong(
          "fault",
          kinds.isEmpty() ? "none" : String.join(" and ", kinds),
          "one of delay, throttle, timeout, refuse and unhandled");
    }
    String kind = kinds.get(0);
    @Nullable Duration delay = fault.duration("delay");
    if (delay != null) {
      return new Fault(FaultKind.DELAY, fault.rate("rate", 1), delay);
    } else if (fault.has("rate")) {
      throw Objects.requireNonNull(fault.value("rate"))
          .wrong(
              "rate",
              "beside " + kind,
              "%s: 0.5, since a rate stands beside delay only".formatted(kind));
    }
    return new Fault(
        FaultKind.valueOf(kind.toUpperCase(Locale.ROOT)), fault.rate(kind, 1), Duration.ZERO);
  }
}

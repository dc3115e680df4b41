package dev.pglambda.conformance;

import static java.util.stream.Collectors.joining;

import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * When a line of the expected transcript is expected.
 *
 * @param minVersion PostgreSQL's lowest major version
 * @param maxVersion the highest
 * @param modes how the statement is sent
 * @param roles by whom
 * @param calls who serves the calls
 */
record Condition(
    int minVersion, int maxVersion, Set<Mode> modes, Set<Role> roles, Set<CallingMode> calls) {
  static final int ANY_VERSION = Integer.MAX_VALUE;
  static final Condition ALWAYS =
      new Condition(
          0,
          ANY_VERSION,
          EnumSet.allOf(Mode.class),
          EnumSet.allOf(Role.class),
          EnumSet.allOf(CallingMode.class));

  private static final Map<Set<Mode>, String> MODES =
      Map.of(
          EnumSet.allOf(Mode.class), "",
          EnumSet.of(Mode.SIMPLE), "simple",
          EnumSet.of(Mode.EXTENDED, Mode.BINARY), "extended",
          EnumSet.of(Mode.SIMPLE, Mode.EXTENDED), "text",
          EnumSet.of(Mode.EXTENDED), "text, extended",
          EnumSet.of(Mode.BINARY), "binary");
  private static final Map<Set<Role>, String> ROLES =
      Map.of(
          EnumSet.allOf(Role.class), "",
          EnumSet.of(Role.SUPERUSER), "superuser",
          EnumSet.of(Role.PLAIN), "plain");
  private static final Map<Set<CallingMode>, String> CALLS =
      Map.of(
          EnumSet.allOf(CallingMode.class), "",
          EnumSet.of(CallingMode.EXTENSION), "extension",
          EnumSet.of(CallingMode.EXTENSION, CallingMode.ALWAYS), "installed",
          EnumSet.of(CallingMode.ALWAYS), "always",
          EnumSet.of(CallingMode.ABSENT), "absent");

  private static final Pattern VERSIONS = Pattern.compile("(\\d{2})?(-)?(\\d{2})?");

  /**
   * Reads what stands in brackets: parts with commas between them, all of which must hold.
   *
   * @throws IllegalArgumentException if it is not well formed, or can never hold
   */
  static Condition parse(String text) {
    Condition all = ALWAYS;
    for (String part : text.split(",", -1)) {
      all = all.and(part(part.strip()));
    }
    if (all.minVersion > all.maxVersion
        || all.modes.isEmpty()
        || all.roles.isEmpty()
        || all.calls.isEmpty()) {
      throw new IllegalArgumentException("[%s] (never holds)".formatted(text));
    }
    return all;
  }

  private static Condition part(String part) {
    return switch (part) {
      case "simple" -> of(EnumSet.of(Mode.SIMPLE));
      case "extended" -> of(EnumSet.of(Mode.EXTENDED, Mode.BINARY));
      case "text" -> of(EnumSet.of(Mode.SIMPLE, Mode.EXTENDED));
      case "binary" -> of(EnumSet.of(Mode.BINARY));
      case "superuser" -> by(Role.SUPERUSER);
      case "plain" -> by(Role.PLAIN);
      case "extension" -> servedBy(EnumSet.of(CallingMode.EXTENSION));
      case "installed" -> servedBy(EnumSet.of(CallingMode.EXTENSION, CallingMode.ALWAYS));
      case "always" -> servedBy(EnumSet.of(CallingMode.ALWAYS));
      case "absent" -> servedBy(EnumSet.of(CallingMode.ABSENT));
      default -> versions(part);
    };
  }

  private static Condition of(Set<Mode> modes) {
    return new Condition(0, ANY_VERSION, modes, ALWAYS.roles, ALWAYS.calls);
  }

  private static Condition by(Role role) {
    return new Condition(0, ANY_VERSION, ALWAYS.modes, EnumSet.of(role), ALWAYS.calls);
  }

  private static Condition servedBy(Set<CallingMode> calls) {
    return new Condition(0, ANY_VERSION, ALWAYS.modes, ALWAYS.roles, calls);
  }

  private static Condition versions(String part) {
    Matcher versions = VERSIONS.matcher(part);
    if (part.isEmpty() || !versions.matches()) {
      throw new IllegalArgumentException(
          ("[%s] (expected: simple, extended, text, binary, superuser, plain, extension,"
                  + " installed, always, absent, 14, 14-, -14 or 14-16)")
              .formatted(part));
    }
    int from = number(versions.group(1), 0);
    int to = versions.group(2) == null ? from : number(versions.group(3), ANY_VERSION);
    return new Condition(from, to, ALWAYS.modes, ALWAYS.roles, ALWAYS.calls);
  }

  private static int number(@Nullable String digits, int otherwise) {
    return digits == null ? otherwise : Integer.parseInt(digits);
  }

  private Condition and(Condition other) {
    Set<Mode> bothModes = EnumSet.copyOf(modes);
    bothModes.retainAll(other.modes);
    Set<Role> bothRoles = EnumSet.copyOf(roles);
    bothRoles.retainAll(other.roles);
    Set<CallingMode> bothCalls = EnumSet.copyOf(calls);
    bothCalls.retainAll(other.calls);
    return new Condition(
        Math.max(minVersion, other.minVersion),
        Math.min(maxVersion, other.maxVersion),
        bothModes,
        bothRoles,
        bothCalls);
  }

  boolean holds(int version, Variant variant) {
    return minVersion <= version
        && version <= maxVersion
        && modes.contains(variant.mode())
        && roles.contains(variant.role())
        && calls.contains(variant.calls());
  }

  /** As case files have it in brackets; empty if it always holds. */
  String text() {
    return Stream.of(
            Objects.requireNonNull(MODES.get(modes), "modes"),
            Objects.requireNonNull(ROLES.get(roles), "roles"),
            Objects.requireNonNull(CALLS.get(calls), "calls"),
            versionText())
        .filter(part -> !part.isEmpty())
        .collect(joining(", "));
  }

  private String versionText() {
    if (minVersion == maxVersion) {
      return "" + minVersion;
    }
    String from = minVersion == 0 ? "" : "" + minVersion;
    String to = maxVersion == ANY_VERSION ? "" : "" + maxVersion;
    return from.isEmpty() && to.isEmpty() ? "" : from + "-" + to;
  }
}

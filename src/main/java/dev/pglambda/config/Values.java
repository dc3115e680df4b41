package dev.pglambda.config;

import dev.pglambda.config.HostAndPort.HostAndOptionalPort;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The syntax of values. Every method throws IllegalArgumentException if the text is none. */
final class Values {
  private static final int POSTGRESQL_PORT = 5432;
  private static final Pattern QUANTITY = Pattern.compile("(\\d{1,9}) ?([A-Za-z]+)");

  /** PostgreSQL's units and multipliers (manual, section "Parameter Names and Values"). */
  private static final Map<String, Long> BYTES_PER_UNIT =
      Map.of("b", 1L, "kb", 1L << 10, "mb", 1L << 20, "gb", 1L << 30);

  private static final Map<String, Long> MILLISECONDS_PER_UNIT =
      Map.of("ms", 1L, "s", 1_000L, "min", 60_000L, "h", 3_600_000L);

  /** The Lambda API's pattern. */
  private static final Pattern REGION =
      Pattern.compile("(eusc-)?[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]{1,40}-\\d");

  private static final Pattern ROLE_ARN =
      Pattern.compile("arn:aws[a-z-]*:iam::\\d{12}:role/([\\w+=,.@/-]{1,511}/)?[\\w+=,.@-]{1,64}");

  private Values() {}

  /** Bytes, from 1 kB to 1 GB. */
  static int size(String text) {
    return (int) quantity(text, BYTES_PER_UNIT, 1L << 10, 1L << 30);
  }

  /** Bytes, from 1 MB to 1024 GB. */
  static long memory(String text) {
    return quantity(text, BYTES_PER_UNIT, 1L << 20, 1L << 40);
  }

  /** From 1 ms to 24 h. */
  static Duration duration(String text) {
    return Duration.ofMillis(quantity(text, MILLISECONDS_PER_UNIT, 1, 24 * 3_600_000L));
  }

  /** From 0 to 24 h. */
  static Duration durationOrNone(String text) {
    return Duration.ofMillis(quantity(text, MILLISECONDS_PER_UNIT, 0, 24 * 3_600_000L));
  }

  /** Whole seconds, from 0 to 9 h: what Linux takes for a TCP keepalive. */
  static Duration keepalive(String text) {
    Duration value = Duration.ofMillis(quantity(text, MILLISECONDS_PER_UNIT, 0, 9 * 3_600_000L));
    if (value.toMillisPart() != 0) {
      throw new IllegalArgumentException("no whole seconds");
    }
    return value;
  }

  private static long quantity(String text, Map<String, Long> units, long least, long most) {
    Matcher matcher = QUANTITY.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("no number with a unit");
    }
    Long factor = units.get(matcher.group(2).toLowerCase(Locale.ROOT));
    if (factor == null) {
      throw new IllegalArgumentException("unknown unit");
    }
    return inRange(Long.parseLong(matcher.group(1)) * factor, least, most);
  }

  static int integer(String text, int least, int most) {
    if (!text.matches("[0-9]{1,9}")) {
      throw new IllegalArgumentException("no whole number");
    }
    return (int) inRange(Integer.parseInt(text), least, most);
  }

  private static long inRange(long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException("out of range");
    }
    return value;
  }

  static boolean onOff(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "on" -> true;
      case "off" -> false;
      default -> throw new IllegalArgumentException("neither on nor off");
    };
  }

  /** A PostgreSQL server. */
  static ServerAddress server(String text) {
    return UnixSocket.isOne(text)
        ? UnixSocket.parse(text, POSTGRESQL_PORT)
        : target(text).orPort(POSTGRESQL_PORT);
  }

  /** An address to connect to, whose port may be missing. */
  static HostAndOptionalPort target(String text) {
    HostAndOptionalPort address = HostAndPort.parse(text);
    if (address.host().isEmpty() || address.orPort(1).port() == 0) {
      throw new IllegalArgumentException("no address to connect to");
    }
    return address;
  }

  /** The same with commas between them; spaces around them do not count. */
  static List<HostAndOptionalPort> targets(String text) {
    return Arrays.stream(text.split(",", -1)).map(each -> target(each.strip())).toList();
  }

  static URI httpUrl(String text) {
    URI url = URI.create(text);
    boolean http = "http".equalsIgnoreCase(url.getScheme());
    if ((!http && !"https".equalsIgnoreCase(url.getScheme()))
        || url.getHost() == null
        || url.getPort() > 65535
        || url.getRawUserInfo() != null
        || url.getRawQuery() != null
        || url.getRawFragment() != null) {
      throw new IllegalArgumentException("no endpoint");
    }
    return url;
  }

  static String region(String text) {
    return matching(REGION, text);
  }

  static String roleArn(String text) {
    return matching(ROLE_ARN, text);
  }

  private static String matching(Pattern pattern, String text) {
    if (!pattern.matcher(text).matches()) {
      throw new IllegalArgumentException("does not match");
    }
    return text;
  }

  /**
   * Names with commas between them; spaces around them do not count. They go into SQL texts of
   * whatever encoding a session has, so they are ASCII.
   */
  static List<String> names(String text) {
    List<String> names = Arrays.stream(text.split(",", -1)).map(String::strip).toList();
    if (names.stream()
        .anyMatch(name -> name.isEmpty() || name.chars().anyMatch(c -> c < ' ' || c > '~'))) {
      throw new IllegalArgumentException("an empty name");
    }
    return names;
  }

  /** The name of a constant, in any case, with hyphens. */
  static <E extends Enum<E>> E constant(Class<E> type, String text) {
    return Arrays.stream(type.getEnumConstants())
        .filter(each -> each.name().replace('_', '-').equalsIgnoreCase(text))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no constant"));
  }

  /** A file, which need not be there. */
  static Path file(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("no file");
    }
    return Path.of(text);
  }

  /** Files or directories, with commas between them. */
  static List<Path> files(String text) {
    return Arrays.stream(text.split(",", -1)).map(String::strip).map(Values::file).toList();
  }

  /** Any text that is not blank. */
  static String text(String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException("blank");
    }
    return text;
  }

  /** A directory that is there, or may be made. */
  static Path directory(String text) {
    Path path = Path.of(text);
    if (text.isEmpty() || (Files.exists(path) && !Files.isDirectory(path))) {
      throw new IllegalArgumentException("no directory");
    }
    return path;
  }
}

package dev.pglambda.conformance;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A conformance case, as read from its file.
 *
 * @param file the file's name, for messages
 * @param title what it shows
 * @param minVersion PostgreSQL's lowest major version it is for
 * @param maxVersion the highest
 * @param protocol how it is sent with results in text format
 * @param binaryResults whether it also asks for binary results; null if it does not say
 * @param role user that runs the steps, or null
 * @param roles who else may run them, or null if it does not say
 * @param setup SQL that the target's user runs before
 * @param teardown SQL that the target's user runs after, whatever happened
 * @param endpointUnreachable whether the proxy's endpoint refuses connections
 * @param proxyArguments further arguments of the proxy
 * @param outOfRange why the proxy serves none of its calls itself, or null if it does
 * @param lambda how the endpoint answers, by function name
 * @param steps what is sent and expected, in order
 */
public record CaseFile(
    String file,
    String title,
    int minVersion,
    int maxVersion,
    Set<Mode> protocol,
    @Nullable Boolean binaryResults,
    @Nullable String role,
    @Nullable Set<Role> roles,
    List<String> setup,
    List<String> teardown,
    boolean endpointUnreachable,
    List<String> proxyArguments,
    @Nullable String outOfRange,
    Map<String, LambdaAnswer> lambda,
    List<Step> steps) {

  /** Where the project's cases are. */
  public static final Path DIRECTORY = Path.of("src", "test", "resources", "conformance");

  private static final Pattern INSTALLATION =
      Pattern.compile("(?is)CREATE EXTENSION .*\\baws_lambda\\b.*");

  /**
   * Reads one file.
   *
   * @throws CaseSyntaxException if there is a mistake in it
   */
  public static CaseFile read(Path path) {
    return read(path, false);
  }

  private static CaseFile read(Path path, boolean answersMayBeMissing) {
    try {
      return CaseParser.parse(path.toString(), Files.readString(path), answersMayBeMissing);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The project's cases; with the system property {@code pglambda.test.case} only those whose
   * file's name contains its value.
   */
  public static List<CaseFile> selected() {
    String part = System.getProperty("pglambda.test.case", "");
    return files(DIRECTORY).stream()
        .map(CaseFile::read)
        .filter(file -> file.name().contains(part))
        .toList();
  }

  /** Those whose file's name contains a text; their statements may have no answers yet. */
  static List<CaseFile> toRecord(String part) {
    return files(DIRECTORY).stream()
        .filter(path -> path.getFileName().toString().contains(part))
        .map(path -> read(path, true))
        .toList();
  }

  /**
   * Reads all {@code *.case} files of a directory and those below it, in the order of their names.
   */
  public static List<CaseFile> readAll(Path directory) {
    return files(directory).stream().map(CaseFile::read).toList();
  }

  static List<Path> files(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(file -> file.toString().endsWith(".case")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The file's name without directories and {@code .case}. */
  public String name() {
    return file.substring(file.lastIndexOf(File.separatorChar) + 1).replaceFirst("\\.case$", "");
  }

  /** Whether it is for a version of PostgreSQL. */
  public boolean appliesTo(int version) {
    return minVersion <= version && version <= maxVersion;
  }

  /**
   * The ways to run it, the plainest first. A case that does not say is run in all of them if it is
   * about calls.
   */
  public List<Variant> variants() {
    List<Mode> modes = new ArrayList<>(protocol);
    boolean binary = binaryResults == null ? isAboutCalls() : binaryResults;
    if (binary && protocol.contains(Mode.EXTENDED)) {
      modes.add(Mode.BINARY);
    }
    return runsAs().stream()
        .flatMap(who -> modes.stream().map(mode -> new Variant(mode, who)))
        .toList();
  }

  /** The same for another one who serves the calls; none if the case is not for that. */
  public List<Variant> variants(CallingMode calls) {
    boolean applies =
        switch (calls) {
          case EXTENSION -> true;
          case ALWAYS -> proxyArguments.isEmpty();
          case ABSENT -> proxyArguments.isEmpty() && outOfRange == null && callsTheExtension();
        };
    return applies ? variants().stream().map(variant -> variant.in(calls)).toList() : List.of();
  }

  private Set<Role> runsAs() {
    if (role != null) {
      return EnumSet.of(Role.OWN);
    }
    if (roles != null) {
      return roles;
    }
    return isAboutCalls() ? EnumSet.of(Role.SUPERUSER, Role.PLAIN) : EnumSet.of(Role.SUPERUSER);
  }

  private boolean isAboutCalls() {
    return usesLambda() && setup.stream().anyMatch(INSTALLATION.asMatchPredicate());
  }

  /** Whether it uses Lambda and has the extension installed at any time. */
  boolean callsTheExtension() {
    return usesLambda()
        && Stream.concat(setup.stream(), steps.stream().map(Step::sql))
            .anyMatch(INSTALLATION.asMatchPredicate());
  }

  /** Whether a Lambda endpoint is needed. */
  public boolean usesLambda() {
    return endpointUnreachable
        || !lambda.isEmpty()
        || steps.stream()
            .flatMap(step -> step.expectations().stream())
            .anyMatch(expectation -> expectation.line().name().equals(TranscriptLine.REQUEST));
  }
}

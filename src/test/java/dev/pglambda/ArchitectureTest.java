package dev.pglambda;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.FrontendMessage;
import io.netty.channel.ChannelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the code to the map of packages in {@code docs/development/architecture.md}. */
class ArchitectureTest {
  private static final String ROOT = "dev.pglambda";
  private static final Path SOURCES = Path.of("src/main/java/dev/pglambda");
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  /** A row of the table: package, what lives there, the packages it may use. */
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| `(\\w+)` \\|[^|]*\\| (nothing|`[^|]*`) \\|$");

  private static final Pattern NAME = Pattern.compile("`(\\w+)`");

  record PackageRule(String name, List<String> mayUse) {}

  static Stream<PackageRule> documentedPackages() throws IOException {
    Matcher rows = ROW.matcher(Files.readString(Path.of("docs/development/architecture.md")));
    return rows
        .results()
        .map(row -> new PackageRule(row.group(1), namesIn(row.group(2))))
        .toList()
        .stream();
  }

  private static List<String> namesIn(String cell) {
    return NAME.matcher(cell).results().map((MatchResult name) -> name.group(1)).toList();
  }

  @Test
  void documentsEveryPackageAndNoOther() throws IOException {
    List<String> documented = documentedPackages().map(PackageRule::name).toList();

    try (Stream<Path> directories = Files.list(SOURCES).filter(Files::isDirectory)) {
      assertThat(directories.map(directory -> directory.getFileName().toString()))
          .isNotEmpty()
          .containsExactlyInAnyOrderElementsOf(documented);
    }
  }

  @ParameterizedTest
  @MethodSource("documentedPackages")
  void usesOnlyThePackagesItMayUse(PackageRule rule) {
    String[] allowed =
        Stream.concat(Stream.of(rule.name()), rule.mayUse().stream())
            .map(name -> ROOT + "." + name + "..")
            .toArray(String[]::new);

    classes()
        .that(resideInAPackage(ROOT + "." + rule.name() + ".."))
        .should()
        .onlyDependOnClassesThat(resideInAnyPackage(allowed).or(not(resideInAPackage(ROOT + ".."))))
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  /** Neither between rooms, nor between the packages within one. */
  @Test
  void hasNoCyclesBetweenPackages() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
    slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(CLASSES);
  }

  /**
   * A reader who meets a type by its simple name knows which one it is. Some messages have the same
   * name in both directions, and a builder is known by the class that it stands in.
   */
  @Test
  void hasNoSimpleNameOfATypeTwice() {
    Map<String, List<JavaClass>> types =
        CLASSES.stream()
            .filter(type -> !type.isAnonymousClass() && !type.getSimpleName().isEmpty())
            .filter(type -> !type.getSimpleName().matches("Builder|package-info"))
            .filter(type -> !isMessageOfTheServer(type.getSimpleName()) || !isOfTheClient(type))
            .collect(Collectors.groupingBy(JavaClass::getSimpleName));

    assertThat(types).isNotEmpty();
    assertThat(types.values()).allSatisfy(sameName -> assertThat(sameName).hasSize(1));
  }

  private static boolean isMessageOfTheServer(String name) {
    return CLASSES.contain(BackendMessage.class.getName() + "$" + name);
  }

  private static boolean isOfTheClient(JavaClass type) {
    return type.isAssignableTo(FrontendMessage.class);
  }

  @Test
  void usesTheAwsSdkOnlyInThePackageNamedAfterIt() {
    noClasses()
        .that(not(resideInAPackage(ROOT + ".lambda.aws")))
        .should()
        .dependOnClassesThat(resideInAPackage("software.amazon.awssdk.."))
        .check(CLASSES);
  }

  @Test
  void usesTheJdbcDriverOnlyInTests() {
    noClasses().should().dependOnClassesThat(resideInAPackage("org.postgresql..")).check(CLASSES);
  }

  /** So that there is one answer to why a channel is not read. */
  @Test
  void startsAndStopsReadingOnlyInReadControl() {
    noClasses()
        .that(not(nameMatching("dev\\.pglambda\\.limits\\.ReadControl")))
        .should()
        .callMethod(ChannelConfig.class, "setAutoRead", boolean.class)
        .check(CLASSES);
  }

  /** So that limits and logs see a load balancer's client, and not the balancer. */
  @Test
  void asksWhereAConnectionComesFromOnlyInPeerAddress() {
    noClasses()
        .that(
            not(
                nameMatching(
                    "dev\\.pglambda\\.(limits\\.PeerAddress|listener\\.ClientListener|relay\\.Session)")))
        .should()
        .callMethodWhere(JavaCall.Predicates.target(HasName.Predicates.name("remoteAddress")))
        .because("a load balancer is known by its own address, and so is a server")
        .check(CLASSES);
  }

  @Test
  void readsOptionsAndEnvironmentOnlyInConfig() {
    noClasses()
        .that(not(resideInAPackage(ROOT + ".config..")))
        .should()
        .dependOnClassesThat(resideInAnyPackage("picocli..", "ch.qos.logback.."))
        .check(CLASSES);
    noClasses()
        .that(
            not(
                nameMatching(
                    "dev\\.pglambda\\.(Main|OwnFunctions|lambda\\.aws\\.AwsEnvironment|embedded\\.ProgramLauncher)")))
        .should()
        .callMethod(System.class, "getenv")
        .orShould()
        .callMethod(System.class, "getenv", String.class)
        .because(
            "Main gives the environment to ConfigLoader, everyone else gets a Config, and the AWS"
                + " SDK reads its own variables; a child process inherits some")
        .check(CLASSES);
  }

  @Test
  void saysInEachPackageWhatLivesThereAndMarksItForNullAway() throws IOException {
    Map<Path, List<Path>> filesByPackage;
    try (Stream<Path> files = Files.walk(SOURCES)) {
      filesByPackage =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .collect(Collectors.groupingBy(Path::getParent));
    }

    assertThat(filesByPackage).isNotEmpty();
    for (Path directory : filesByPackage.keySet()) {
      assertThat(directory.resolve("package-info.java")).content().contains("/**", "@NullMarked");
    }
  }
}

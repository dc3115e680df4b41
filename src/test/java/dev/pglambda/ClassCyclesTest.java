package dev.pglambda;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** How many classes cannot be understood without each other; nested ones count as their outer. */
class ClassCyclesTest {
  private static final String ROOT = "dev.pglambda";
  private static final int MOST = 4;

  private final Map<String, Set<String>> uses = new HashMap<>();
  private final Map<String, Set<String>> reached = new HashMap<>();

  @Test
  void noCycleIsLongerThanAFew() {
    for (JavaClass each :
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(ROOT)) {
      for (Dependency dependency : each.getDirectDependenciesFromSelf()) {
        uses.computeIfAbsent(outermost(each), name -> new HashSet<>())
            .add(outermost(dependency.getTargetClass()));
      }
    }
    uses.keySet().forEach(name -> reached.put(name, reachedFrom(name)));

    List<Set<String>> cycles =
        uses.keySet().stream().map(this::cycleOf).filter(cycle -> cycle.size() > 1).toList();

    assertThat(cycles)
        .isNotEmpty()
        .allSatisfy(cycle -> assertThat(cycle).hasSizeLessThan(MOST + 1));
  }

  private static String outermost(JavaClass each) {
    return each.getBaseComponentType().getName().replaceFirst("\\$.*", "");
  }

  private Set<String> reachedFrom(String begin) {
    Set<String> found = new HashSet<>();
    Deque<String> next = new ArrayDeque<>(Set.of(begin));
    while (!next.isEmpty()) {
      for (String used : uses.getOrDefault(next.remove(), Set.of())) {
        if (uses.containsKey(used) && found.add(used)) {
          next.add(used);
        }
      }
    }
    return found;
  }

  private Set<String> cycleOf(String name) {
    Set<String> cycle = new TreeSet<>(Set.of(name));
    for (String other : reached.getOrDefault(name, Set.of())) {
      if (reached.getOrDefault(other, Set.of()).contains(name)) {
        cycle.add(other);
      }
    }
    return cycle;
  }
}

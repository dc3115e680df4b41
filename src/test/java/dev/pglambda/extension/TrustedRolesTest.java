package dev.pglambda.extension;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TrustedRolesTest {
  @Test
  void saysWhoIsTrusted() {
    assertThat(TrustedRoles.of(List.of()).description()).isEqualTo("superusers");
    assertThat(TrustedRoles.of(List.of("rds_superuser", "ops")).description())
        .isEqualTo("superusers and members of rds_superuser, ops");
    assertThat(TrustedRoles.of(List.of("ops", "*")).description()).isEqualTo("every role");
  }

  @Test
  void asksForNoQuotesWhateverTheNames() {
    String condition =
        TrustedRoles.of(List.of("rds_superuser", "it's", "$pglambda$")).condition("r");

    assertThat(condition).contains("r.rolsuper").contains("$pglambda$rds_superuser$pglambda$");
    assertThat(condition).contains("$pglambda$it's$pglambda$"); // of a name that has one itself
    assertThat(condition).contains("$pglambda_2$$pglambda$$pglambda_2$");
    assertThat(TrustedRoles.of(List.of("*")).condition("r")).isEqualTo("true");
  }
}

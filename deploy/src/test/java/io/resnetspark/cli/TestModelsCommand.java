package io.resnetspark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.storage.Json;
import io.resnetspark.train.artifact.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The registry's commands as people and scripts use them, on three versions of one model. */
class TestModelsCommand {
    @TempDir
    Path folder;

    private String out;
    private String err;

    @BeforeEach
    void publish() throws IOException {
        Path model = folder.resolve("model");
        Models.write(model);
        for (int i = 1; i <= 3; i++) {
            assertThat(models("publish", model.toString(), "--name", "pets", "--message", "night " + i))
                    .as(err)
                    .isZero();
            assertThat(out).contains("#pets@" + i + " at ");
        }
    }

    private int models(String... words) {
        List<String> all = new ArrayList<>(List.of("models"));
        all.addAll(List.of(words));
        all.addAll(List.of("--registry", folder.resolve("registry").toString()));
        Ran ran = Ran.of(all.toArray(String[]::new));
        out = ran.out();
        err = ran.err();
        return ran.code();
    }

    private void says(String said, String... words) {
        assertThat(models(words)).as(err).isZero();
        assertThat(out).contains(said);
    }

    private void refused(String message, String... words) {
        ends(2, message, words);
    }

    private void ends(int code, String message, String... words) {
        assertThat(models(words)).as(out).isEqualTo(code);
        assertThat(err).contains(message).doesNotContain("\tat ");
    }

    private JsonNode json(String... words) throws IOException {
        assertThat(models(words)).as(err).isZero();
        return Json.COMPACT.readTree(out);
    }

    @Test
    void promotesAndGoesBack() throws IOException {
        says("pets: {champion=1}", "promote", "pets@1");
        says("pets: {champion=3, previous=1}", "promote", "pets@3", "--message", "better");
        says("pets: {champion=1, previous=3}", "rollback", "pets", "--message", "worse in the shops");
        says("pets: {canary=2, champion=1, previous=3}", "promote", "pets@2", "--alias", "canary");
        says("pets: {champion=1, previous=3}", "unalias", "pets@canary");
        JsonNode log = json("log", "pets", "--json");
        assertThat(log.findValuesAsText("action"))
                .containsExactly(
                        "publish", "publish", "publish", "promote", "promote", "rollback", "promote", "remove-alias");
        assertThat(log.get(5).get("message").asText()).isEqualTo("worse in the shops");
        says("worse in the shops", "log", "pets");
    }

    @Test
    void refusesWhatIsNotThere() {
        refused("Wanted NAME@VERSION", "promote", "pets");
        refused("no version '7' of pets", "promote", "pets@7");
        refused("'v3' cannot be an alias", "promote", "pets@1", "--alias", "v3");
        refused("has no previous champion to go back to", "rollback", "pets");
        refused("has no alias 'canary'", "unalias", "pets@canary");
        refused("Wanted NAME@ALIAS", "unalias", "pets");
        refused("There is no model 'cows'", "log", "cows");
    }

    @Test
    void promotesNoDamagedVersion() throws IOException {
        Path weights = folder.resolve("registry/pets/v2/weights.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length / 2] ^= 1;
        Files.write(weights, bytes);
        ends(6, "is damaged", "promote", "pets@2");
        says("pets: {champion=3}", "promote", "pets@3");
        ends(6, "is damaged", "verify", "pets@2");
        assertThat(models("verify")).isEqualTo(6);
        assertThat(out).contains("pets@1 is whole").contains("pets@3 is whole");
        assertThat(err).contains("pets/v2");
    }

    @Test
    void prunesWhatNoAliasNames() {
        says("pets: {champion=1}", "promote", "pets@1");
        says("pets: would delete versions [2]", "prune", "pets", "--keep", "1", "--dry-run");
        says("pets@2 is whole", "verify", "pets@2");
        says("pets: deleted versions [2]", "prune", "pets", "--keep", "1");
        refused("there are [1, 3]", "show", "pets@2");
        says("pets: deleted versions []", "prune", "pets", "--keep", "1");
        refused("wanted at least 1: the newest", "prune", "pets", "--keep", "0");
    }

    @Test
    void showsWhatIsKnown() throws IOException {
        says("champion=2", "promote", "pets@2");
        JsonNode shown = json("show", "pets@champion");
        assertThat(shown.get("number").asInt()).isEqualTo(2);
        assertThat(shown.get("aliases").toString()).isEqualTo("[\"champion\"]");
        assertThat(shown.get("publication").get("message").asText()).isEqualTo("night 2");
        assertThat(shown.get("path").asText()).startsWith("file:/").endsWith("/registry/pets/v2");
        assertThat(shown.get("description").get("classes")).hasSize(2);
        assertThat(json("show", "pets").get("aliases")).isEmpty();
    }

    @Test
    void comparesVersions() throws IOException {
        assertThat(json("diff", "pets@1", "pets@2", "--json")).isEmpty();
        Path other = folder.resolve("other");
        Models.write(other);
        says("#pets@4", "publish", other.toString(), "--name", "pets");
        JsonNode line = json("diff", "pets@3", "pets", "--json").get(0);
        assertThat(line.get("what").asText()).isEqualTo("created");
        assertThat(line.get("other").asText())
                .isEqualTo(json("show", "pets")
                        .at("/description/provenance/created")
                        .asText());
        says("created\n  - ", "diff", "pets@3", "pets@4");
        refused("no version '9'", "diff", "pets@1", "pets@9");
    }

    @Test
    void passwordsInPlacesAreRefusedAndNotRepeated() {
        for (String[] words : new String[][] {
            {"models", "list", "--registry", "ftp://me:hunter2@host/models"},
            {"retrain", "ftp://me:hunter2@host/nightly.conf"},
            {"predict", "ftp://me:hunter2@host/model", "photo.jpg", "--json"}
        }) {
            Ran ran = Ran.of(words);
            assertThat(ran.code()).isEqualTo(2);
            assertThat(ran.out() + ran.err()).contains("has a password in it").doesNotContain("hunter2");
        }
    }
}

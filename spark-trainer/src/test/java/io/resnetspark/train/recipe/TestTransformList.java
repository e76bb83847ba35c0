package io.resnetspark.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.image.BadImageException;
import io.resnetspark.image.RgbImage;
import io.resnetspark.input.Normalization;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.SmallRecipe;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The list data.augmentation, and the block that it was before. */
class TestTransformList {
    private static final double[][] COVARIANCE = {{900, 300, 200}, {300, 800, 100}, {200, 100, 700}};
    private static final String LIST =
            "augmentation = [ { kind = random-crop, padding = 2 }, { kind = horizontal-flip } ]";

    /**
     * The old form, the new one, width and height of an image, and what the version before the list made of 40 images:
     * SHA-256 of its floats and of what it sent to a GPU.
     */
    static Stream<Arguments> forms() {
        String jitter = "{ kind = scale-jitter, shorter-side = [44, 100] }";
        String jitters =
                "{ kind = resize, shorter-side = [44, 100] }, { kind = random-crop }, { kind = horizontal-flip }";
        String area = "{ kind = random-area, least-area = 0.08, most-aspect = 1.3333333 }";
        String areas =
                "{ kind = random-resized-crop, scale = [0.08, 1.0], ratio = [0.75, 1.3333333] }, { kind = horizontal-flip }";
        String padded = "{ kind = pad-and-shift, padding = 4 }";
        String paddeds = "{ kind = random-crop, padding = 4 }, { kind = horizontal-flip }";
        String none = "{ kind = pad-and-shift, padding = 0 }";
        String nones = "{ kind = resize, shorter-side = 32 }, { kind = center-crop }, { kind = random-crop }, { kind ="
                + " horizontal-flip }";
        String centre = "{ kind = centre, shorter-side = 48 }";
        String centres = "{ kind = resize, shorter-side = 48 }, { kind = center-crop }";
        return Stream.of(
                form(jitter, 0.1, jitters, 40, 160, 120, "bb68bbe4ce211954", "17575bf8825f35d3"),
                form(jitter, 0, jitters, 40, 160, 120, "998f0c2e9b70343e", "c4aa3cddecfdf4f0"),
                form(area, 0.1, areas, 40, 160, 120, "3e2c6a5dc7ce1bb9", "b1ecd27472d02b6f"),
                form(area, 0, areas, 40, 120, 160, "1cf19c52fea399c6", "01c5af04ddcfa067"),
                form(padded, 0.1, paddeds, 32, 32, 32, "15006aded0fe5431", "2faf2e678f8d26c1"),
                form(padded, 0, paddeds, 32, 32, 32, "5df95fe2d073c11e", "117703550edf032d"),
                form(padded, 0.1, paddeds, 32, 50, 41, "afeb9d9a808da648", "bc75d1cffdc51e43"),
                form(none, 0.1, nones, 32, 32, 32, "1ea208e5b330c71f", "3fd104fc19c27d0c"),
                form(centre, 0.1, centres, 40, 160, 120, "0ad6a14f65f91799", "63867eeac5ef3ed8"),
                form(centre, 0, centres, 40, 160, 120, "b27422073c748e03", "aa92027ed2636a3a"));
    }

    private static Arguments form(
            String old, double noise, String list, int crop, int width, int height, String floats, String bytes) {
        String lit = noise == 0 ? list : list + ", { kind = pca-lighting, std = " + noise + " }";
        return Arguments.of(
                "augmentation " + old + "\n colour-noise = " + noise,
                "augmentation = [ " + lit + " ]",
                crop,
                width,
                height,
                floats,
                bytes);
    }

    /** Bit-identical: the same crops, the same random numbers; and equal where a run asks whether it may resume. */
    @ParameterizedTest
    @MethodSource("forms")
    void theOldFormAndTheListSeeWhatTheyAlwaysSaw(
            String old, String list, int crop, int width, int height, String floats, String bytes) throws Exception {
        Recipe before = parse(old, crop);
        Recipe now = parse(list, crop);
        assertThat(before.data()).isEqualTo(now.data());
        assertThat(Recipe.values(before.text())).isEqualTo(Recipe.values(now.text()));
        assertThat(digests(now, width, height)).containsExactly(floats, bytes);
        // A checkpoint or an artifact of the earlier version.
        String stored = now.text().replaceFirst("(?s)augmentation=\\[.*?\\n    \\]", old);
        assertThat(stored).contains("colour-noise");
        assertThat(Recipe.values(stored)).isEqualTo(Recipe.values(now.text()));
        assertThat(Recipe.differences(stored)).isEqualTo(Recipe.differences(now.text()));
    }

    private static Recipe parse(String augmentation, int crop) {
        String text = SmallRecipe.TEXT.replace(LIST, augmentation);
        assertThat(text).contains(augmentation);
        return Recipe.parse(
                text, "small.conf", Map.of("data.image-size", "" + crop, "data.evaluation-resize", "" + crop));
    }

    private static String[] digests(Recipe recipe, int width, int height)
            throws BadImageException, NoSuchAlgorithmException {
        Preprocessing preprocessing =
                recipe.data().augmentation().on(COVARIANCE, Normalization.perChannel(new float[] {120, 110, 100}));
        MessageDigest floats = MessageDigest.getInstance("SHA-256");
        MessageDigest bytes = MessageDigest.getInstance("SHA-256");
        float[] planes = new float[preprocessing.elements()];
        byte[] rgb = new byte[preprocessing.elements()];
        for (int i = 0; i < 40; i++) {
            byte[] noise = new byte[3 * width * height];
            new Random(i).nextBytes(noise);
            RgbImage image = new RgbImage(height, width, noise);
            preprocessing.apply(image, 7, 3, "picture " + i, planes);
            ByteBuffer buffer = ByteBuffer.allocate(4 * planes.length);
            buffer.asFloatBuffer().put(planes);
            floats.update(buffer.array());
            var deferred = preprocessing.cropBytes(image, 7, 3, "picture " + i, rgb, 0);
            bytes.update(rgb);
            bytes.update(
                    (Arrays.toString(deferred.lighting()) + deferred.translation()).getBytes(StandardCharsets.UTF_8));
        }
        return new String[] {start(floats), start(bytes)};
    }

    private static String start(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest()).substring(0, 16);
    }

    /** Overrides of an old file's keys reach it before it becomes a list. */
    @Test
    void partsOfTheOldFormCanBeSet() {
        String old =
                SmallRecipe.TEXT.replace(LIST, "augmentation { kind = pad-and-shift, padding = 2 }\n colour-noise = 0");
        Map<String, String> set = new LinkedHashMap<>();
        set.put("data.augmentation.padding", "4");
        set.put("data.colour-noise", "0.1");
        assertThat(Recipe.parse(old, "old.conf", set).data().augmentation())
                .isEqualTo(
                        list("[{ kind = random-crop, padding = 4 }, { kind = horizontal-flip }, { kind = pca-lighting }]")
                                .data()
                                .augmentation());
    }

    private static Recipe list(String list) {
        return Recipe.parse(SmallRecipe.TEXT, "small.conf", Map.of("data.augmentation", list));
    }

    /** So that a recipe that says what is usual, and one that does not, count as the same. */
    @Test
    void aResolvedListSaysEverything() {
        Recipe recipe = list("[{ kind = random-resized-crop }, { kind = horizontal-flip }]");
        assertThat(recipe.text())
                .containsPattern("scale=\\[\\s+0.08,\\s+1.0\\s+\\]")
                .contains("p=0.5");
        assertThat(Recipe.parse(recipe.text(), "resolved", Map.of()).text()).isEqualTo(recipe.text());
        assertThat(Recipe.values(list("[{ p = 0.5, kind = horizontal-flip, }]").text()))
                .isEqualTo(Recipe.values(list("[{ kind = horizontal-flip }]").text()))
                .isNotEqualTo(Recipe.values(
                        list("[{ kind = horizontal-flip, p = 0.4 }]").text()));
    }

    @Test
    void everyProblemHasItsLineAndWhatIsAllowed() {
        String bad = SmallRecipe.TEXT.replace(LIST, """
                augmentation = [
                    { kind = resise, shorter-side = 40 }
                    { kind = resize, shorter-side = 20 }
                    { kind = random-crop, pading = 2 }
                    { kind = random-crop, padding = 64 }
                    { p = 0.5 }
                    { kind = horizontal-flip, p = 2 }
                    { kind = random-resized-crop, scale = [0.5, 0.1] }
                  ]""");
        assertThatThrownBy(() -> Recipe.parse(bad, "bad.conf", Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("bad.conf:6: data.augmentation.kind = resise; allowed is one of center-crop, ")
                .hasMessageContaining(
                        "bad.conf:7: data.augmentation.shorter-side = 20; allowed is a whole number, or two"
                                + " [from, to], within image-size (32) and 4096")
                .hasMessageContaining("bad.conf:8: there is no key 'data.augmentation.pading'; did you mean"
                        + " 'data.augmentation.padding'?")
                .hasMessageContaining(
                        "bad.conf:9: data.augmentation.padding = 64; allowed is a whole number from 0 to image-size"
                                + " (32)")
                .hasMessageContaining("bad.conf:10: the key 'data.augmentation.kind' is missing")
                .hasMessageContaining("bad.conf:11: data.augmentation.p = 2")
                .hasMessageContaining("bad.conf:12: data.augmentation.scale = [0.5, 0.1]; allowed is two numbers");
        assertThatThrownBy(() -> list("[{ kind = resize, shorter-side = 40 }]"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "data.augmentation = [resize]; allowed is another order or choice: resize is followed by");
        assertThatThrownBy(() -> list("{ kind = pad-and-shift }"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("allowed is a list of transforms [ { kind = ..., ... }, ... ]");
        assertThatThrownBy(() -> Recipe.parse(SmallRecipe.TEXT, "small.conf", Map.of("data.colour-noise", "0.1")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("pca-lighting");
    }
}

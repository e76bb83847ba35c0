package io.resnetspark.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares the catalogue with the numbers in the paper and in torchvision. */
class TestModelSummary {
    @ParameterizedTest
    @CsvSource({
        "resnet18, 11689512, 9600, 18",
        "resnet34, 21797672, 17024, 34",
        "resnet50, 25557032, 53120, 50",
        "resnet101, 44549160, 105344, 101",
        "resnet152, 60192808, 151424, 152",
        "resnet50-v1.5, 25557032, 53120, 50",
        "resnet20, 269722, 1376, 20",
        "resnet32, 464154, 2272, 32",
        "resnet44, 658586, 3168, 44",
        "resnet56, 853018, 4064, 56",
        "resnet110, 1727962, 8096, 110",
        "vgg16, 138357544, 0, 16",
        "vgg19, 143667240, 0, 19",
        "preact-resnet164, 1703258, 24224, 164",
    })
    void countsParametersAsPublished(String name, long parameters, long runningStatistics, int layers) {
        ModelSummary summary = Networks.named(name).summary();
        assertThat(summary.parameters()).isEqualTo(parameters);
        assertThat(summary.runningStatistics()).isEqualTo(runningStatistics);
        assertThat(summary.layers()).isEqualTo(layers);
    }

    /** The paper's table 1, which truncates 3.66 and 3.86 to 3.6 and 3.8; the v1.5 numbers are torchvision's. */
    @ParameterizedTest
    @CsvSource({
        "resnet18, 1.8, 1814073344",
        "resnet34, 3.6, 3663761408",
        "resnet50, 3.8, 3857973248",
        "resnet101, 7.6, 7570194432",
        "resnet152, 11.3, 11282415616",
        "resnet50-v1.5, 4.09, 4089184256",
        "resnet101-v1.5, 7.80, 7801405440",
        "resnet152-v1.5, 11.51, 11513626624",
        "vgg19, 19.6, 19632062464",
    })
    void countsMultiplyAddsAsPublished(String name, double billions, long exactly) {
        long counted = Networks.named(name).summary().multiplyAdds();
        assertThat(counted).isEqualTo(exactly);
        assertThat(counted / 1e9).isCloseTo(billions, within(0.07));
    }

    /** Computed by hand from ResNet-34 with option B: three projections less, or one more for each other block. */
    @Test
    void countsEveryShortcut() {
        long projections = 64 * 128 + 256 + 128 * 256 + 512 + 256 * 512 + 1024;
        long identities = 3 * (64 * 64 + 128) + 3 * (128 * 128 + 256) + 5 * (256 * 256 + 512) + 2 * (512 * 512 + 1024);
        assertThat(parameters("resnet34-a")).isEqualTo(parameters("resnet34") - projections);
        assertThat(parameters("resnet34-c")).isEqualTo(parameters("resnet34") + identities);
        assertThat(parameters("plain34")).isEqualTo(parameters("resnet34-a"));
        assertThat(Networks.named("resnet34-a").summary().layers()).isEqualTo(34);
    }

    /** The paper's table 1: plain networks have the multiply-adds of the residual ones. */
    @ParameterizedTest
    @CsvSource({"plain18, resnet18-a", "plain34, resnet34-a", "plain20, resnet20", "plain56, resnet56"})
    void plainNetworksHaveTheMultiplyAddsOfResidualOnes(String plain, String residual) {
        assertThat(Networks.named(plain).summary().multiplyAdds())
                .isEqualTo(Networks.named(residual).summary().multiplyAdds());
        assertThat(parameters(plain)).isEqualTo(parameters(residual));
    }

    @Test
    void namesEveryNetworkOnce() {
        assertThat(Networks.all())
                .extracting(Network::name)
                .doesNotHaveDuplicates()
                .contains("preact-resnet110-c");
        assertThat(Networks.all()).containsAll(Networks.published());
    }

    private static long parameters(String name) {
        return Networks.named(name).summary().parameters();
    }

    @Test
    void countsTheDeepestCifarNetwork() {
        ModelSummary summary = Networks.named("resnet1202").summary();
        assertThat(summary.parameters() / 1e6).isCloseTo(19.4, within(0.05));
        assertThat(summary.layers()).isEqualTo(1202);
    }

    @Test
    void dependsOnInputSizeAndClasses() {
        Network network = Networks.named("resnet18");
        ModelSummary gray = network.summary(Shape.square(1, 64), 10);
        assertThat(gray.parameters()).isEqualTo(11_689_512 - 2 * 49 * 64 - 990 * 513);
        assertThatThrownBy(() -> network.summary(new Shape(3, 0, 64), 10))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3x0x64");
    }

    @ParameterizedTest
    @CsvSource({"resnet-50, resnet50", "ResNet18, resnet18", "resnet1203, resnet1202", "resent34, resnet34"})
    void namesTheNearestNetwork(String mistyped, String meant) {
        assertThatThrownBy(() -> Networks.named(mistyped))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no network '" + mistyped + "'")
                .hasMessageContaining("Did you mean '" + meant + "'?");
    }
}

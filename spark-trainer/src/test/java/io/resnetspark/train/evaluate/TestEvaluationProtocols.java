package io.resnetspark.train.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Example;
import io.resnetspark.dataset.Shards;
import io.resnetspark.dataset.Split;
import io.resnetspark.image.BadImageException;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.SyntheticImages;
import io.resnetspark.input.Crop;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.input.Normalization;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.model.Networks;
import io.resnetspark.model.Shape;
import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.worker.ExecutorNetworks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Protocols and ensembles, against slow and obvious implementations, on images of many sizes. */
@Tag("slow")
class TestEvaluationProtocols {
    private static final List<String> CLASSES = List.of("blue", "green", "red");
    private static final int[][] SIZES = {{40, 60}, {60, 40}, {33, 47}, {20, 20}, {36, 36}, {50, 50}, {40, 60}, {17, 64}
    };
    private static final Preprocessing PREPROCESSING = Preprocessing.withoutLighting(
            new Crop.CenterCrop(36, 32),
            Normalization.perChannel(ObviousProtocols.MEAN).withStd(ObviousProtocols.STD));

    @TempDir
    static Path folder;

    static JavaSparkContext spark;
    static Dataset.Opened data;
    static Path corpus;

    @BeforeAll
    static void prepare() throws IOException {
        spark = SyntheticCorpora.spark("local[2]");
        corpus = folder.resolve("corpus");
        for (int label = 0; label < CLASSES.size(); label++) {
            for (int i = 0; i < SIZES.length + 1; i++) {
                Path file = corpus.resolve(i < SIZES.length ? "val" : "train")
                        .resolve(CLASSES.get(label))
                        .resolve(i + ".png");
                Files.createDirectories(file.getParent());
                int[] size = SIZES[i % SIZES.length];
                Files.write(
                        file, ImageCodec.png(SyntheticImages.ofClass(2 - label, size[0], size[1], 100L * label + i)));
            }
        }
        data = prepared("data", 1 << 20);
    }

    private static Dataset.Opened prepared(String name, long shardBytes) throws IOException {
        return SyntheticCorpora.prepare(
                spark, corpus, folder.resolve(name).toUri().toString(), shardBytes);
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    /** A network that nobody trained. */
    private record Untrained(String id, int side, ComputeOptions compute) implements ExecutorNetworks.NetworkFactory {
        @Override
        public int threads() {
            return 1;
        }

        @Override
        public NetworkGraph graph() {
            return NetworkGraphBuilder.of(Networks.named("resnet20"), Shape.square(3, side), CLASSES.size())
                    .build();
        }
    }

    private static NetworkGraph network(long seed) {
        NetworkGraph graph = NetworkGraphBuilder.of(Networks.named("resnet20"), Shape.square(3, 32), CLASSES.size())
                .seed(seed)
                .build();
        graph.getParam("fc_W").muli(0.05); // or softmax would say 0 and 1
        return graph;
    }

    private static EvaluatedModel model(long seed, Preprocessing preprocessing) {
        return new EvaluatedModel(
                new Untrained("seed " + seed, preprocessing.crop().side(), ComputeOptions.AUTO),
                network(seed).copyParameters(),
                preprocessing,
                CLASSES);
    }

    private static EvaluationOptions all() {
        return EvaluationOptions.of(
                        EvaluationProtocol.MULTI_SCALE, EvaluationProtocol.ONE_CROP, EvaluationProtocol.TEN_CROP)
                .withScales(ObviousProtocols.SCALES)
                .withScores(CLASSES.size());
    }

    private static List<Predictions> predict(Dataset.Opened on, EvaluationOptions options) throws IOException {
        return new Evaluation(spark, on, Split.VAL, options).predict(model(1, PREPROCESSING), Progress.silent());
    }

    /** By key: the probability of each class. */
    private static Map<String, float[]> probabilities(Predictions predictions) {
        Map<String, float[]> all = new HashMap<>();
        for (ImageScore score : predictions.scores()) {
            float[] byClass = new float[CLASSES.size()];
            for (int k = 0; k < byClass.length; k++) {
                byClass[score.outputs()[k]] = score.probabilities()[k];
            }
            assertThat(all.put(score.key(), byClass))
                    .as("one score for " + score.key())
                    .isNull();
        }
        return all;
    }

    private static List<Example> examples() throws IOException {
        List<Example> all = new ArrayList<>();
        for (Dataset.Shard shard : data.dataset().shards(Split.VAL)) {
            all.addAll(Shards.read(
                    new org.apache.hadoop.fs.Path(data.path(), shard.path()),
                    shard.digest(),
                    spark.hadoopConfiguration()));
        }
        return all;
    }

    @Test
    void everyProtocolIsItsObviousImplementation() throws IOException, BadImageException {
        List<Predictions> all = predict(data, all());
        NetworkGraph graph = network(1);
        for (int p = 0; p < all.size(); p++) {
            EvaluationProtocol protocol = all().protocols().get(p);
            Map<String, float[]> fast = probabilities(all.get(p));
            assertThat(all.get(p).result().protocol()).isEqualTo(protocol.toString());
            double crossEntropy = 0;
            for (Example example : examples()) {
                double[] slow = ObviousProtocols.mean(
                        graph, ObviousProtocols.views(protocol, ImageCodec.decode(example.bytes())));
                float[] ours = fast.get(example.key());
                for (int c = 0; c < slow.length; c++) {
                    assertThat((double) ours[c])
                            .as("%s of %s, %dx%d", protocol, example.key(), example.width(), example.height())
                            .isCloseTo(slow[c], within(1e-4));
                }
                crossEntropy -= Math.log(slow[example.label()]) / fast.size();
            }
            assertThat(all.get(p).result().crossEntropy()).isCloseTo(crossEntropy, within(1e-3));
        }
    }

    @Test
    void everyImageHasOneScoreHoweverTheDataIsPartitioned() throws IOException {
        List<Predictions> whole = predict(data, all());
        Dataset.Opened inSmallShards = prepared("small-shards", 10_000);
        assertThat(inSmallShards.dataset().shards(Split.VAL)).hasSizeGreaterThan(1);
        EvaluationOptions usual = all();
        // One image a task, some that end with a shard or before, and all of a shard.
        check(whole, predict(data, new EvaluationOptions(usual.protocols(), usual.scales(), usual.topK(), 1)));
        check(whole, predict(inSmallShards, new EvaluationOptions(usual.protocols(), usual.scales(), usual.topK(), 5)));
        check(whole, predict(inSmallShards, usual));
    }

    private static void check(List<Predictions> whole, List<Predictions> parts) {
        for (int p = 0; p < parts.size(); p++) {
            Map<String, float[]> expected = probabilities(whole.get(p));
            Map<String, float[]> actual = probabilities(parts.get(p));
            assertThat(actual.keySet()).isEqualTo(expected.keySet());
            // Batches of other sizes round in another way.
            actual.forEach((key, values) -> assertThat(values)
                    .as(key)
                    .usingComparatorWithPrecision(1e-4f)
                    .containsExactly(expected.get(key)));
            assertThat(parts.get(p).result().count()).isEqualTo(3L * SIZES.length);
        }
    }

    @Test
    void anEnsembleIsTheMeanOfItsMembers() throws IOException {
        Preprocessing smaller = Preprocessing.withoutLighting(
                new Crop.CenterCrop(28, 24), Normalization.perChannel(ObviousProtocols.MEAN));
        List<EvaluatedModel> members = List.of(model(1, PREPROCESSING), model(2, smaller), model(3, PREPROCESSING));
        EvaluationOptions options = EvaluationOptions.of(EvaluationProtocol.TEN_CROP, EvaluationProtocol.ONE_CROP)
                .withScores(CLASSES.size());
        Evaluation evaluation = new Evaluation(spark, data, Split.VAL, options);
        List<List<Predictions>> together = evaluation.predict(members, true, Progress.silent());
        assertThat(together)
                .hasSize(4)
                .allSatisfy(ofMember -> assertThat(ofMember).hasSize(2));
        for (int p = 0; p < 2; p++) {
            List<Map<String, float[]>> alone = new ArrayList<>();
            for (int m = 0; m < 3; m++) {
                Predictions single =
                        evaluation.predict(members.get(m), Progress.silent()).get(p);
                assertThat(together.get(m).get(p).predicted()).isEqualTo(single.predicted());
                assertThat(together.get(m).get(p).result())
                        .usingRecursiveComparison()
                        .ignoringFields("imagesPerSecond")
                        .isEqualTo(single.result());
                alone.add(probabilities(single));
            }
            probabilities(together.get(3).get(p)).forEach((key, mean) -> {
                for (int c = 0; c < mean.length; c++) {
                    float sum = 0;
                    for (Map<String, float[]> member : alone) {
                        sum += member.get(key)[c];
                    }
                    assertThat(mean[c]).isCloseTo(sum / 3, within(1e-6f));
                }
            });
        }
    }

    @Test
    void refusesWhatCannotBe() {
        EvaluatedModel other = new EvaluatedModel(
                model(2, PREPROCESSING).factory(),
                model(2, PREPROCESSING).parameters(),
                PREPROCESSING,
                List.of("blue", "green", "yellow"));
        assertThatThrownBy(() -> new Evaluation(spark, data, Split.VAL, EvaluationProtocol.ONE_CROP)
                        .predict(List.of(model(1, PREPROCESSING), other), true, Progress.silent()))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "The models of an ensemble must have the same classes: only the first has red; only number 2"
                                + " has yellow.");
        ComputeOptions cuda =
                new ComputeOptions(ComputeOptions.KernelOption.CUDA, ComputeOptions.PrecisionOption.AUTO, true);
        assertThatThrownBy(() -> new Evaluation(spark, data, Split.VAL, EvaluationProtocol.MULTI_SCALE)
                        .execute(new Untrained("gpu", 32, cuda), new float[0], PREPROCESSING, Progress.silent()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("computed on the CPU")
                .hasMessageContaining("kernels = onednn or auto");
        assertThatThrownBy(() -> new Evaluation(spark, data, Split.TEST, EvaluationProtocol.ONE_CROP))
                .isInstanceOf(BadInputException.class)
                .hasMessageEndingWith("has no images in its split test; it has train (3), val (24).");
    }

    @Test
    void aShardWithOtherImagesThanTheDescriptionSaysIsDamaged() {
        Dataset.Shard shard = data.dataset().shards(Split.VAL).get(0);
        for (int examples : new int[] {shard.examples() - 1, shard.examples() + 1}) {
            Dataset.Opened lying = withValidation(new Dataset.Shard(shard.path(), examples, shard.digest()));
            assertThatThrownBy(() -> predict(lying, EvaluationOptions.of(EvaluationProtocol.ONE_CROP)))
                    .isInstanceOf(SparkException.class)
                    .hasMessageContaining("DamagedException")
                    .hasMessageContaining(
                            shard.path() + " has " + shard.examples() + " images; dataset.json says " + examples);
        }
    }

    private static Dataset.Opened withValidation(Dataset.Shard shard) {
        Dataset old = data.dataset();
        Map<String, List<Dataset.Shard>> splits = new HashMap<>(old.splits());
        splits.put("val", List.of(shard));
        Dataset changed = new Dataset(
                old.format(),
                old.source(),
                old.created(),
                old.side(),
                old.classes(),
                splits,
                old.images(),
                old.statistics(),
                old.shorterSides(),
                old.quarantined(),
                old.settings(),
                old.runs(),
                old.meanImageFile(),
                old.meanImage(),
                old.version(),
                old.change(),
                old.history());
        return new Dataset.Opened(data.path(), changed, "another");
    }
}

package io.resnetspark.analysis;

import io.resnetspark.analysis.LesionsOfModel.RandomlyRemoved;
import io.resnetspark.analysis.LesionsOfModel.Removed;
import io.resnetspark.common.Progress;
import io.resnetspark.model.analysis.GradientNorms;
import io.resnetspark.model.analysis.ImageBatch;
import io.resnetspark.model.analysis.LayerResponses;
import io.resnetspark.model.analysis.Lesions;
import io.resnetspark.model.analysis.NetworkStructure;
import io.resnetspark.model.analysis.PathGradients;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.kernel.Kernels;
import io.resnetspark.model.kernel.NativeThreads;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.artifact.ModelArtifact;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToLongFunction;

/** Analyses of models over a sample, on the CPU of this machine, one network in memory at a time. */
public final class SampleAnalysis {
    /** Images in a batch, unless their activations need more than {@link #MAX_FLOATS}. */
    private static final int MAX_BATCH = 50;

    /** Floats of activations in a batch: 512 MB. */
    private static final long MAX_FLOATS = 128L << 20;

    private final Sample sample;
    private final List<AnalyzedModel> models;
    private final Kernels.Choice kernels;
    private final Progress progress;

    /**
     * How often something is drawn at random.
     *
     * @param draws for each number of removed parts, or each path length
     * @param seed of the draws
     */
    public record Draws(int draws, long seed) {
        public Draws {
            if (draws < 1) {
                throw new BadInputException(draws + " random draws are too few; wanted at least 1.");
            }
        }
    }

    /** What is left of a model once it is open. */
    private record Opened(
            AnalyzedModel model, NetworkStructure structure, NetworkGraph graph, List<ImageBatch> batches) {}

    /** An analysis of one model. */
    @FunctionalInterface
    private interface OfModel<M> {
        M of(Opened opened, Progress.Step step);
    }

    /** @throws BadInputException if the sample is too large to be held */
    public SampleAnalysis(Sample sample, List<AnalyzedModel> models, Kernels.Choice kernels, Progress progress) {
        models.forEach(
                model -> sample.requireFits(model.description().evaluation().crop()));
        this.sample = sample;
        this.models = List.copyOf(models);
        this.kernels = kernels;
        this.progress = progress;
    }

    /** @throws BadInputException if a network has no batch normalisation */
    public AnalysisReport<ResponsesOfModel> responses() throws IOException {
        for (AnalyzedModel model : models) {
            try {
                LayerResponses.requireMeasurable(model.structure());
            } catch (IllegalArgumentException without) {
                throw new BadInputException(
                        model.name() + " is a " + model.description().network() + ": " + without.getMessage() + ".",
                        without);
            }
        }
        return analyze("responses", model -> sample.images(), (opened, step) -> {
            LayerResponses responses = new LayerResponses(opened.graph, opened.structure);
            long done = 0;
            for (ImageBatch batch : opened.batches) {
                responses.add(batch);
                step.moved(done += batch.count());
            }
            return ResponsesOfModel.of(opened.model, responses.responses());
        });
    }

    /**
     * Removes each part alone, then several at random.
     *
     * @param maxRemoved most parts to remove at once; 0 for none
     * @throws BadInputException if it is negative
     */
    public AnalysisReport<LesionsOfModel> lesions(int maxRemoved, Draws draws) throws IOException {
        if (maxRemoved < 0) {
            throw new BadInputException("At most " + maxRemoved + " parts cannot be removed; wanted 0 or more.");
        }
        return analyze(
                "lesion",
                model -> (long) sample.images() * lesions(model.structure(), maxRemoved, draws),
                (opened, step) -> new LesionSeries(opened, maxRemoved, draws, step).all());
    }

    /** Networks that one model becomes: the whole one, each with one part less, and the random ones. */
    private static int lesions(NetworkStructure structure, int maxRemoved, Draws draws) {
        int removable = removable(structure).size();
        return 1 + removable + Math.min(maxRemoved, removable) * draws.draws;
    }

    private static List<String> removable(NetworkStructure structure) {
        return Lesions.parts(structure).stream()
                .filter(Lesions.Part::isRemovable)
                .map(Lesions.Part::name)
                .toList();
    }

    public AnalysisReport<GradientsOfModel> gradients(Draws draws) throws IOException {
        return analyze("gradients", model -> sample.images(), (opened, step) -> {
            GradientNorms norms = new GradientNorms(opened.graph, opened.structure);
            long done = 0;
            for (ImageBatch batch : opened.batches) {
                norms.add(batch);
                step.moved(done += batch.count());
            }
            List<PathGradients.OfLength> paths = new ArrayList<>();
            if (Lesions.areBlocks(opened.structure)) {
                PathGradients ofPaths = new PathGradients(
                        opened.graph, opened.structure, opened.batches.get(0), draws.draws, draws.seed);
                for (int length : ofPaths.lengths()) {
                    paths.add(ofPaths.measure(length));
                    step.reached(done, "paths of length " + length);
                }
            }
            return new GradientsOfModel(
                    opened.model.name(),
                    opened.model.description().network(),
                    norms.byWeights(),
                    norms.byOutputs(),
                    paths.isEmpty() ? 0 : Lesions.parts(opened.structure).size(),
                    paths.isEmpty() ? 0 : opened.batches.get(0).count(),
                    paths);
        });
    }

    private <M> AnalysisReport<M> analyze(String name, ToLongFunction<AnalyzedModel> images, OfModel<M> analysis)
            throws IOException {
        List<M> found = new ArrayList<>();
        for (AnalyzedModel model : models) {
            try (Progress.Step step = progress.begin(model.name(), "images", images.applyAsLong(model))) {
                found.add(analysis.of(open(model), step));
            }
        }
        return AnalysisReport.of(name, sample, found);
    }

    private Opened open(AnalyzedModel model) throws IOException {
        NativeThreads.limit(Runtime.getRuntime().availableProcessors()); // nothing else computes here
        ModelArtifact artifact = ModelArtifact.open(model.path(), sample.conf());
        NetworkGraph graph = kernels == Kernels.Choice.AUTO ? artifact.graph() : artifact.graph(kernels);
        int batch = (int) Math.max(2, Math.min(MAX_BATCH, MAX_FLOATS / model.activations()));
        return new Opened(model, model.structure(), graph, sample.batches(artifact.preprocessing(), batch));
    }

    /** The lesions of one model. */
    private final class LesionSeries {
        private final Opened opened;
        private final int maxRemoved;
        private final Draws draws;
        private final Progress.Step step;
        private final Lesions lesions;
        private long done;

        LesionSeries(Opened opened, int maxRemoved, Draws draws, Progress.Step step) {
            this.opened = opened;
            this.maxRemoved = maxRemoved;
            this.draws = draws;
            this.step = step;
            this.lesions = new Lesions(opened.graph, opened.structure);
        }

        LesionsOfModel all() {
            return new LesionsOfModel(
                    opened.model.name(),
                    opened.model.description().network(),
                    Lesions.areBlocks(opened.structure) ? "block" : "layer",
                    errorWithout(List.of()),
                    Lesions.parts(opened.structure).stream().map(this::alone).toList(),
                    random());
        }

        private Removed alone(Lesions.Part part) {
            Double error = part.isRemovable() ? errorWithout(List.of(part.name())) : null;
            return new Removed(part.name(), part.changesShape(), error, part.obstacle());
        }

        private List<RandomlyRemoved> random() {
            List<String> removable = removable(opened.structure);
            SplittableRandom random = new SplittableRandom(draws.seed);
            List<RandomlyRemoved> all = new ArrayList<>();
            for (int k = 1; k <= Math.min(maxRemoved, removable.size()); k++) {
                List<Double> errors = new ArrayList<>();
                for (int draw = 0; draw < draws.draws; draw++) {
                    errors.add(errorWithout(some(removable, k, random)));
                }
                all.add(new RandomlyRemoved(k, errors));
            }
            return all;
        }

        private static List<String> some(List<String> names, int count, SplittableRandom random) {
            List<String> left = new ArrayList<>(names);
            List<String> chosen = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                chosen.add(left.remove(random.nextInt(left.size())));
            }
            return chosen;
        }

        private double errorWithout(List<String> removed) {
            int errors = lesions.errorsWithout(removed, opened.batches);
            step.moved(done += sample.images());
            return (double) errors / sample.images();
        }
    }
}

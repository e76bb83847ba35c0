package io.resnetspark.model.analysis;

import io.resnetspark.model.analysis.NetworkStructure.Block;
import io.resnetspark.model.graph.LayerwisePass;
import io.resnetspark.model.graph.NetworkGraph;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Gradients by path length (Veit et al. 2016, section 4.3). A path of length k passes k residual branches and the
 * shortcuts of all other blocks; there are (n choose k) among n blocks. One forward pass of a training step, then for
 * each sampled path a backward pass in which each addition hands its gradient to one of its inputs only. The gradients of
 * all 2^n paths add up to the gradient.
 */
public final class PathGradients {
    /** Longer networks are sampled at so many lengths, evenly spaced. */
    private static final int MAX_LENGTHS = 60;

    private final LayerwisePass pass;
    private final List<Block> blocks;
    private final ImageBatch batch;
    private final INDArray targets;
    private final int draws;
    private final long seed;

    /**
     * Paths of one length.
     *
     * @param length residual branches that they pass
     * @param gradientNorm L2 norm of the gradient by the first block's input of one image's cross-entropy: root of the
     *     mean square over images, mean over the sampled paths
     * @param draws measured paths: all of them, or a random sample if there are more than were asked for
     * @param paths how many paths of this length there are
     * @param total gradient norm times the number of paths
     */
    public record OfLength(int length, double gradientNorm, int draws, double paths, double total) {}

    /**
     * @param draws paths to sample for each length
     * @param seed of the sampling
     * @throws IllegalArgumentException if the network has no residual blocks
     */
    public PathGradients(NetworkGraph graph, NetworkStructure structure, ImageBatch batch, int draws, long seed) {
        this.blocks = structure.blocks();
        if (blocks.isEmpty()) {
            throw new IllegalArgumentException("a network without shortcuts has one path");
        }
        this.batch = batch;
        this.targets = batch.targets(
                structure.last(NetworkStructure.Kind.CLASSIFIER).shape().channels());
        this.draws = draws;
        this.seed = seed;
        this.pass = new LayerwisePass(graph);
        pass.forward(batch.images());
    }

    /** The lengths to measure: from 0 to the number of blocks. */
    public List<Integer> lengths() {
        int step = 1 + blocks.size() / MAX_LENGTHS;
        return IntStream.rangeClosed(0, blocks.size())
                .filter(length -> length % step == 0 || length == blocks.size())
                .boxed()
                .toList();
    }

    public OfLength measure(int length) {
        double count = paths(blocks.size(), length);
        List<Set<String>> measured = count <= draws ? all(length, blocks.size()) : drawn(length);
        double mean =
                measured.stream().mapToDouble(this::gradientNorm).average().orElseThrow();
        return new OfLength(length, mean, measured.size(), count, mean * count);
    }

    /** Sets of so many of the first blocks, each once. */
    private List<Set<String>> all(int length, int first) {
        if (length == 0) {
            return List.of(Set.of());
        }
        List<Set<String>> sets = new ArrayList<>();
        for (int last = length - 1; last < first; last++) {
            String name = blocks.get(last).name();
            for (Set<String> others : all(length - 1, last)) {
                Set<String> set = new HashSet<>(others);
                set.add(name);
                sets.add(set);
            }
        }
        return sets;
    }

    private List<Set<String>> drawn(int length) {
        // One generator a length, of a mixed seed: neighbouring seeds share no paths.
        SplittableRandom random = new SplittableRandom(new SplittableRandom(seed).nextLong() + length);
        return Stream.generate(() -> draw(length, random)).limit(draws).toList();
    }

    /** Names of blocks, all sets of this size with the same probability. */
    private Set<String> draw(int length, SplittableRandom random) {
        List<String> names = new ArrayList<>(blocks.stream().map(Block::name).toList());
        Set<String> chosen = new HashSet<>();
        for (int i = 0; i < length; i++) {
            chosen.add(names.remove(random.nextInt(names.size())));
        }
        return chosen;
    }

    private double gradientNorm(Set<String> residual) {
        double[] squares = new double[1];
        gradient(residual, gradient -> squares[0] = GradientNorms.squares(gradient));
        return Math.sqrt(squares[0] / batch.count());
    }

    /** @param residual names of the blocks whose residual branch is passed; the others' shortcut is */
    void gradient(Set<String> residual, Consumer<INDArray> sink) {
        Map<String, Integer> routes = blocks.stream()
                .collect(Collectors.toMap(Block::name, block -> residual.contains(block.name()) ? 0 : 1));
        String first = blocks.get(0).input();
        pass.backward(
                targets,
                first,
                (layer, input) -> routes.getOrDefault(layer, input) == input,
                new LayerwisePass.Observer() {
                    @Override
                    public void output(String layer, INDArray gradient) {
                        if (layer.equals(first)) {
                            sink.accept(gradient);
                        }
                    }
                });
    }

    /** n choose k. */
    static double paths(int n, int k) {
        double paths = 1;
        for (int i = 1; i <= Math.min(k, n - k); i++) {
            paths = paths * (n - Math.min(k, n - k) + i) / i;
        }
        return paths;
    }
}

package io.resnetspark.model.layer;

import java.util.SplittableRandom;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Sets each value to zero with a probability of one half, and doubles the others. The mask depends on the iteration, so
 * that a step can be repeated; DL4J's own generator has a state that no checkpoint holds.
 */
public class Dropout implements IDropout {
    private static final long serialVersionUID = 1;

    @JsonProperty
    private long seed;

    private transient INDArray mask;

    /** For Jackson. */
    Dropout() {}

    /** @param seed different for each layer */
    public Dropout(long seed) {
        this.seed = seed;
    }

    @Override
    public INDArray applyDropout(
            INDArray input, INDArray output, int iteration, int epoch, LayerWorkspaceMgr workspaces) {
        byte[] drawn = factors(iteration, Math.toIntExact(input.length()));
        mask = Nd4j.createFromArray(drawn)
                .castTo(input.dataType())
                .reshape(input.shape())
                .detach();
        return input.muli(mask, output);
    }

    /** The factor of each value in an iteration: 0 or 2. */
    public byte[] factors(int iteration, int count) {
        SplittableRandom random = new SplittableRandom(seed ^ Long.rotateLeft(iteration, 32));
        byte[] factors = new byte[count];
        for (int i = 0; i < count; i++) {
            factors[i] = (byte) (random.nextBoolean() ? 2 : 0);
        }
        return factors;
    }

    @Override
    public INDArray backprop(INDArray outputGradient, INDArray inputGradient, int iteration, int epoch) {
        return outputGradient.muli(mask, inputGradient);
    }

    @Override
    public void clear() {
        mask = null;
    }

    @Override
    public Dropout clone() {
        return new Dropout(seed);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Dropout that && seed == that.seed;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(seed);
    }
}

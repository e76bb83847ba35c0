package io.resnetspark.model.layer;

import io.resnetspark.model.kernel.Kernels;
import io.resnetspark.model.kernel.NormalizationKernel;
import io.resnetspark.model.kernel.WorkingMemory;
import java.util.Collection;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Batch normalisation of images, optionally with ReLU: y = gamma (x - mean) / sqrt(variance + 1e-5) + beta.
 *
 * <p>Running mean and variance are updated as new = 0.9 old + 0.1 batch; DL4J stores them among the parameters, as
 * "mean" and "var". Three things follow PyTorch instead of DL4J's own layer: the running variance is unbiased; weight
 * decay acts on gamma and beta by default; and the variance itself is stored, not the logarithm of the standard
 * deviation, so that workers' averages are correct.
 */
public class BatchNorm extends BatchNormalization {
    private static final long serialVersionUID = 1;

    private static final String GAMMA = BatchNormalizationParamInitializer.GAMMA;
    private static final String BETA = BatchNormalizationParamInitializer.BETA;
    private static final String MEAN = BatchNormalizationParamInitializer.GLOBAL_MEAN;
    private static final String VARIANCE = BatchNormalizationParamInitializer.GLOBAL_VAR;

    @JsonProperty
    private Kernels.Choice kernels = Kernels.Choice.AUTO;

    @JsonProperty
    private boolean relu;

    @JsonProperty
    private boolean decays = true;

    /** For Jackson. */
    BatchNorm() {
        super.setUseLogStd(false);
    }

    /** @param decays whether weight decay also acts on gamma and beta */
    public BatchNorm(boolean relu, boolean decays, Kernels.Choice kernels) {
        this();
        this.relu = relu;
        this.decays = decays;
        this.kernels = kernels;
    }

    /** DL4J's deserialiser sets this in configurations of networks that are not initialised yet. */
    @Override
    public void setUseLogStd(boolean ignored) {
        super.setUseLogStd(false);
    }

    @Override
    public List<Regularization> getRegularizationByParam(String parameter) {
        return decays && (parameter.equals(GAMMA) || parameter.equals(BETA)) ? regularization : null;
    }

    @Override
    public Layer instantiate(
            NeuralNetConfiguration conf,
            Collection<TrainingListener> listeners,
            int index,
            INDArray parameters,
            boolean initialize,
            DataType type) {
        return Layers.initialize(
                new Computation(conf, type, kernels.on(type)), conf, listeners, index, parameters, initialize);
    }

    static final class Computation extends org.deeplearning4j.nn.layers.normalization.BatchNormalization {
        private static final long serialVersionUID = 1;

        private final transient Kernels kernels;
        private final transient KernelCache<NormalizationKernel> kernel = new KernelCache<>();
        private transient INDArray normalized;
        private transient INDArray batchMean;
        private transient INDArray batchVariance;

        Computation(NeuralNetConfiguration conf, DataType type, Kernels kernels) {
            super(conf, type);
            this.kernels = kernels;
        }

        private BatchNorm configuration() {
            return (BatchNorm) layerConf();
        }

        private NormalizationKernel kernel() {
            BatchNorm c = configuration();
            return kernel.of(
                    input, () -> kernels.normalization(input.size(0), Layers.shape(input), c.getEps(), c.relu));
        }

        @Override
        public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
            WorkingMemory memory = Layers.forward(workspaces, dataType);
            INDArray x = Layers.contiguous(input, memory);
            INDArray output = Layers.activations(workspaces, dataType, input.shape());
            INDArray gamma = params.get(GAMMA);
            INDArray beta = params.get(BETA);
            if (!training) {
                kernel().infer(x, gamma, beta, params.get(MEAN), params.get(VARIANCE), output, memory);
                return output;
            }
            if (batchMean == null) {
                // Kept from the forward to the backward pass, so outside of workspaces: a few floats per channel.
                batchMean = params.get(MEAN).ulike().detach();
                batchVariance = params.get(VARIANCE).ulike().detach();
            }
            kernel().train(x, gamma, beta, output, batchMean, batchVariance, memory);
            normalized = output;
            return output;
        }

        @Override
        public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
            WorkingMemory memory = Layers.backward(workspaces, dataType);
            INDArray inputGradient = Layers.gradients(workspaces, dataType, input.shape());
            NormalizationKernel.Saved forward = new NormalizationKernel.Saved(
                    Layers.contiguous(input, memory),
                    params.get(GAMMA),
                    params.get(BETA),
                    normalized,
                    batchMean,
                    batchVariance);
            kernel().backward(
                            forward,
                            Layers.contiguous(epsilon, memory),
                            new NormalizationKernel.Gradients(
                                    inputGradient, gradientViews.get(GAMMA), gradientViews.get(BETA)),
                            memory);
            normalized = null;
            updateRunningStatistic(MEAN, batchMean);
            updateRunningStatistic(VARIANCE, batchVariance.muli(unbiased(input.length() / batchVariance.length())));
            Gradient gradient = new DefaultGradient();
            for (String parameter : List.of(GAMMA, BETA, MEAN, VARIANCE)) {
                gradient.setGradientFor(parameter, gradientViews.get(parameter));
            }
            return new Pair<>(gradient, inputGradient);
        }

        /**
         * Running statistics are updated as in DL4J's own layer: their "gradient" is (1 - decay)(running - batch),
         * which an updater without learning rate subtracts.
         */
        private void updateRunningStatistic(String parameter, INDArray batch) {
            INDArray gradient = gradientViews.get(parameter);
            params.get(parameter).subi(batch, gradient);
            gradient.muli(1 - configuration().getDecay());
        }

        @Override
        public void clear() {
            super.clear();
            normalized = null;
        }

        /** n / (n - 1); one sample has no unbiased variance and keeps its own. */
        private static double unbiased(long samples) {
            return samples > 1 ? samples / (samples - 1.0) : 1;
        }

        @Override
        public double calcRegularizationScore(boolean backpropOnlyParams) {
            return 0;
        }
    }
}

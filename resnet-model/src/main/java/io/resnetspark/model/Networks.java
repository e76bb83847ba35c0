package io.resnetspark.model;

import java.util.List;
import java.util.stream.Stream;

/**
 * The catalogue of networks, one line each: those of "Deep Residual Learning for Image Recognition" (He, Zhang, Ren,
 * Sun 2015), those that it compares them with, and the pre-activation networks of "Identity Mappings in Deep Residual
 * Networks" (2016).
 *
 * <p>The stride on the 3x3 ("v1.5") is torchvision's; ResNet-200 is fb.resnet.torch's.
 *
 * <p>Every residual network exists with each of the three shortcuts: its own under its name, the others as NAME-a
 * (zero-padded), NAME-b (projected where the shape changes) and NAME-c (all projected).
 *
 * <p>Parameters and multiply-adds follow from these lines ({@link ModelSummary}); {@code TestModelSummary} compares
 * them with the published numbers.
 */
public final class Networks {
    private static final List<Network> PUBLISHED = List.of(
            imagenet("resnet18", Block.BASIC, 2, 2, 2, 2),
            imagenet("resnet34", Block.BASIC, 3, 4, 6, 3),
            imagenet("resnet50", Block.BOTTLENECK, 3, 4, 6, 3),
            imagenet("resnet101", Block.BOTTLENECK, 3, 4, 23, 3),
            imagenet("resnet152", Block.BOTTLENECK, 3, 8, 36, 3),
            imagenet("resnet50-v1.5", Block.BOTTLENECK_STRIDE_ON_3X3, 3, 4, 6, 3),
            imagenet("resnet101-v1.5", Block.BOTTLENECK_STRIDE_ON_3X3, 3, 4, 23, 3),
            imagenet("resnet152-v1.5", Block.BOTTLENECK_STRIDE_ON_3X3, 3, 8, 36, 3),
            imagenet("resnet18", Block.BASIC, 2, 2, 2, 2).plain("plain18"),
            imagenet("resnet34", Block.BASIC, 3, 4, 6, 3).plain("plain34"),
            imagenet("preact-resnet18", Block.BASIC, 2, 2, 2, 2).preactivated(),
            imagenet("preact-resnet34", Block.BASIC, 3, 4, 6, 3).preactivated(),
            imagenet("preact-resnet50", Block.BOTTLENECK, 3, 4, 6, 3).preactivated(),
            imagenet("preact-resnet101", Block.BOTTLENECK, 3, 4, 23, 3).preactivated(),
            imagenet("preact-resnet152", Block.BOTTLENECK, 3, 8, 36, 3).preactivated(),
            imagenet("preact-resnet200", Block.BOTTLENECK, 3, 24, 36, 3).preactivated(),
            imagenet("preact-resnet50-v1.5", Block.BOTTLENECK_STRIDE_ON_3X3, 3, 4, 6, 3)
                    .preactivated(),
            imagenet("preact-resnet101-v1.5", Block.BOTTLENECK_STRIDE_ON_3X3, 3, 4, 23, 3)
                    .preactivated(),
            imagenet("preact-resnet152-v1.5", Block.BOTTLENECK_STRIDE_ON_3X3, 3, 8, 36, 3)
                    .preactivated(),
            imagenet("preact-resnet200-v1.5", Block.BOTTLENECK_STRIDE_ON_3X3, 3, 24, 36, 3)
                    .preactivated(),
            vgg("vgg16", 2, 2, 3, 3, 3),
            vgg("vgg19", 2, 2, 4, 4, 4),
            cifar("resnet20", Block.BASIC, 3),
            cifar("resnet32", Block.BASIC, 5),
            cifar("resnet44", Block.BASIC, 7),
            cifar("resnet56", Block.BASIC, 9),
            cifar("resnet110", Block.BASIC, 18),
            cifar("resnet1202", Block.BASIC, 200),
            cifar("resnet20", Block.BASIC, 3).plain("plain20"),
            cifar("resnet32", Block.BASIC, 5).plain("plain32"),
            cifar("resnet44", Block.BASIC, 7).plain("plain44"),
            cifar("resnet56", Block.BASIC, 9).plain("plain56"),
            cifar("preact-resnet20", Block.BASIC, 3).preactivated(),
            cifar("preact-resnet32", Block.BASIC, 5).preactivated(),
            cifar("preact-resnet44", Block.BASIC, 7).preactivated(),
            cifar("preact-resnet56", Block.BASIC, 9).preactivated(),
            cifar("preact-resnet110", Block.BASIC, 18).preactivated(),
            cifar("preact-resnet1202", Block.BASIC, 200).preactivated(),
            cifar("preact-resnet164", Block.BOTTLENECK, 18).projected().preactivated(),
            cifar("preact-resnet1001", Block.BOTTLENECK, 111).projected().preactivated());

    private static final List<Network> ALL = PUBLISHED.stream()
            .flatMap(network -> Stream.concat(Stream.of(network), network.variants().stream()))
            .toList();

    private Networks() {}

    /** Every network, with each of the three shortcuts. */
    public static List<Network> all() {
        return ALL;
    }

    /** Each network once, with the shortcut that it was published with. */
    public static List<Network> published() {
        return PUBLISHED;
    }

    /**
     * The network of this name.
     *
     * @throws IllegalArgumentException with the nearest name, if there is none
     */
    public static Network named(String name) {
        return ALL.stream()
                .filter(network -> network.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no network '" + name + "'. Did you mean '"
                        + nearest(name) + "'? 'resnet networks' lists them all."));
    }

    static String nearest(String name) {
        return Spelling.nearest(name, ALL.stream().map(Network::name).toList()).orElseThrow();
    }

    private static ResidualNetwork imagenet(String name, Block block, Integer... depths) {
        return new ResidualNetwork(
                name, Stem.IMAGENET, block, ActivationOrder.POST_ACTIVATION, Shortcut.PROJECTED, List.of(depths), 1000);
    }

    private static ResidualNetwork cifar(String name, Block block, int depth) {
        return new ResidualNetwork(
                name,
                Stem.CIFAR,
                block,
                ActivationOrder.POST_ACTIVATION,
                Shortcut.PADDED,
                List.of(depth, depth, depth),
                10);
    }

    private static VggNetwork vgg(String name, Integer... depths) {
        return new VggNetwork(name, List.of(64, 128, 256, 512, 512), List.of(depths), 4096, 1000);
    }
}

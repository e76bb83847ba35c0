package io.resnetspark.report;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Example;
import io.resnetspark.dataset.Shards;
import io.resnetspark.image.BadImageException;
import io.resnetspark.image.CropRegion;
import io.resnetspark.image.Image;
import io.resnetspark.image.ImageCodec;
import java.io.IOException;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Small images of a dataset's, by their keys. Only shards that have one of them are read as a whole. */
record DatasetThumbnails(Dataset.Opened data, Configuration conf) implements ExampleImages.Thumbnails {
    /** Shorter side, in pixels: what a page shows on a phone's dense screen. */
    private static final int SIDE = 160;

    private static final float QUALITY = 0.8f;

    @Override
    public Map<String, String> of(Set<String> keys) throws IOException {
        Map<String, String> found = new HashMap<>();
        for (List<Dataset.Shard> shards : data.dataset().splits().values()) {
            for (Dataset.Shard shard : shards) {
                if (found.size() < keys.size()) {
                    add(shard, keys, found);
                }
            }
        }
        return found;
    }

    private void add(Dataset.Shard shard, Set<String> keys, Map<String, String> found) throws IOException {
        Path file = new Path(data.path(), shard.path());
        Set<String> here = new HashSet<>();
        for (Iterator<Example> rows = Shards.withoutImages(file, conf); rows.hasNext(); ) {
            here.add(rows.next().key());
        }
        here.retainAll(keys);
        if (here.isEmpty()) {
            return;
        }
        for (Example example : Shards.read(file, shard.digest(), conf)) {
            if (here.contains(example.key())) {
                found.put(example.key(), uri(example));
            }
        }
    }

    /** Images that are small already stay what they are: JPEG would blur them. */
    private static String uri(Example example) throws IOException {
        try {
            Image image = ImageCodec.open(example.bytes(), ImageCodec.Limits.NONE);
            if (image.shorterSide() <= SIDE / 2) {
                CropRegion whole = CropRegion.whole(image);
                return uri("png", ImageCodec.png(image.decode(whole).toRgb(whole)));
            }
            CropRegion small = CropRegion.resized(image, Math.min(SIDE, image.shorterSide()));
            return uri("jpeg", ImageCodec.jpeg(image.decode(small).toRgb(small), QUALITY));
        } catch (BadImageException changed) {
            throw new IOException(example.key() + " was an image when it was prepared", changed);
        }
    }

    private static String uri(String type, byte[] bytes) {
        return "data:image/" + type + ";base64," + Base64.getEncoder().encodeToString(bytes);
    }
}

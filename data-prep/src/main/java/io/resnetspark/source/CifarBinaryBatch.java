package io.resnetspark.source;

import io.resnetspark.image.RgbImage;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** An official batch: 10,000 records of a label and the red, green and blue planes. */
record CifarBinaryBatch(String root, String name) implements CifarSource.Batch {
    private static final int RECORD = 1 + 3 * CifarSource.PIXELS;

    @Override
    public List<CifarSource.LabelledImage> read(Configuration conf, int first, int count) throws IOException {
        Path file = new Path(root, name + ".bin");
        FileSystem files = file.getFileSystem(conf);
        long length = files.getFileStatus(file).getLen();
        if (length != (long) CifarSource.BATCH * RECORD) {
            throw new BadInputException(file + " has " + length + " bytes; a CIFAR-10 batch has "
                    + (long) CifarSource.BATCH * RECORD + ". Fetch it again.");
        }
        byte[] records = new byte[count * RECORD];
        try (FSDataInputStream in = files.open(file)) {
            in.readFully((long) first * RECORD, records);
        }
        List<CifarSource.LabelledImage> images = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            images.add(new CifarSource.LabelledImage(records[i * RECORD], interleave(records, i * RECORD + 1)));
        }
        return images;
    }

    private static RgbImage interleave(byte[] planes, int offset) {
        byte[] rgb = new byte[3 * CifarSource.PIXELS];
        for (int p = 0; p < CifarSource.PIXELS; p++) {
            for (int c = 0; c < 3; c++) {
                rgb[3 * p + c] = planes[offset + c * CifarSource.PIXELS + p];
            }
        }
        return new RgbImage(CifarSource.SIDE, CifarSource.SIDE, rgb);
    }
}

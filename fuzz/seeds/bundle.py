"""Seeds in the repository are one text file for each target: an input per line, in base64.

    bundle.py pack FOLDER BUNDLE      files of a folder, the short ones first, up to 16 KiB together
    bundle.py unpack BUNDLE FOLDER    one file for each input, named by its contents
    bundle.py zip BUNDLE FILE.zip     as fuzzing services want them
"""

import base64
import hashlib
import os
import sys
import zipfile

MOST = 16 << 10


def inputs_of(bundle):
    """The inputs, by name."""
    with open(bundle, encoding="ascii") as file:
        lines = [line.strip() for line in file if not line.startswith("#")]
    inputs = [base64.b64decode(line, validate=True) for line in lines if line]
    return {hashlib.sha1(data).hexdigest(): data for data in inputs}


def pack(folder, bundle):
    inputs = set()
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            inputs.add(file.read())
    target = os.path.splitext(os.path.basename(bundle))[0]
    with open(bundle, "w", encoding="ascii") as file:
        file.write(f"# Seeds of {target}: an input per line, in base64. Made by fuzz/seeds/make.\n")
        total = 0
        for data in sorted(inputs - {b""}, key=lambda data: (len(data), data)):
            total += len(data)
            if total > MOST:
                break
            file.write(base64.b64encode(data).decode("ascii") + "\n")


def unpack(bundle, folder):
    os.makedirs(folder, exist_ok=True)
    inputs = inputs_of(bundle)
    for name in set(os.listdir(folder)) - set(inputs):
        os.remove(os.path.join(folder, name))
    for name, data in inputs.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)


def make_zip(bundle, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in inputs_of(bundle).items():
            archive.writestr(zipfile.ZipInfo(name), data)


def main():
    verbs = {"pack": pack, "unpack": unpack, "zip": make_zip}
    if len(sys.argv) != 4 or sys.argv[1] not in verbs:
        sys.exit(__doc__)
    verbs[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    main()

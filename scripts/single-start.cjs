// infractl in one file. The first run unpacks it into the user's cache folder; every run starts from there.
// In words that any Node understands, as CommonJS or as a module: the file may have any name.
(() => {
  var build = 'BUILD';
  var bring = process.getBuiltinModule;
  if (!bring) {
    process.stderr.write(
      'infractl needs Node 22.18 or newer; this is Node ' +
        process.versions.node +
        ' (' +
        process.execPath +
        ').\nInstall the current LTS version, for example with: npm install --global node@24\n',
    );
    process.exit(2);
  }
  var fs = bring('node:fs');
  var path = bring('node:path');
  var file = fs.realpathSync(process.argv[1]);
  var home = process.env.XDG_CACHE_HOME || (process.env.HOME && path.join(process.env.HOME, '.cache'));
  var all = home && path.isAbsolute(home) && path.join(home, 'infractl', 'single');
  var folder = all && path.join(all, build);

  function fail(why) {
    process.stderr.write(
      'infractl in one file could not unpack itself: ' +
        why +
        '.\nName a folder that you alone may write in the variable XDG_CACHE_HOME.\n',
    );
    process.exit(1);
  }

  /** What is run must have been unpacked by this user, and nobody else may have changed it. */
  function ready() {
    var facts;
    try {
      facts = fs.lstatSync(folder);
    } catch {
      return false;
    }
    if (!facts.isDirectory() || (process.getuid && facts.uid !== process.getuid()) || facts.mode & 0o022)
      fail(folder + ' is not a folder that you alone may write');
    return true;
  }

  /** Unpacked beside and renamed: a run that is killed, or a second one at the same time, leaves no half. */
  function unpack() {
    var zlib = bring('node:zlib');
    var text = fs.readFileSync(file, 'latin1');
    var content = Buffer.from(text.slice(text.lastIndexOf('/*') + 2, text.lastIndexOf('*/')), 'base64');
    var start = 4 + content.readUInt32LE(0);
    var pieces = JSON.parse(content.toString('utf8', 4, start)).pieces;
    var fresh = folder + '.' + process.pid;
    fs.mkdirSync(all, { recursive: true, mode: 0o700 });
    fs.rmSync(fresh, { recursive: true, force: true });
    fs.mkdirSync(fresh, { mode: 0o700 });
    Object.keys(pieces).forEach(function (name) {
      var place = pieces[name];
      var target = path.join(fresh, name);
      var bytes = content.subarray(start + place[0], start + place[0] + place[1]);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.writeFileSync(target, zlib.inflateRawSync(bytes), { mode: place[2] });
    });
    try {
      fs.renameSync(fresh, folder);
    } catch (error) {
      fs.rmSync(fresh, { recursive: true, force: true });
      if (!ready()) throw error;
    }
  }

  if (!all) fail('there is neither HOME nor XDG_CACHE_HOME');
  if (!ready()) {
    try {
      unpack();
    } catch (error) {
      fail(error.message);
    }
  }
  // What infractl writes into a crontab, and what it starts itself, is this file.
  globalThis[Symbol.for('infractl.file')] = file;
  bring('node:module').createRequire(file)(path.join(folder, 'bin', 'run.js'));
})();

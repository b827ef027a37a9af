// QtLoop: Qt's event loop on the thread of the test, and QCoro's tasks as what the cache runs.
#pragma once

#include <qcoro/qcorotask.h>

#include <tiercache/fetch_runner.hpp>

#include <QCoreApplication>
#include <QEventLoop>
#include <QMetaObject>
#include <QObject>
#include <QThread>

/// Where its object is destroyed, a QCoro task runs on, and resumes who awaited it. So it can be a fetch of the cache's
/// own only.
template <class T>
struct tiercache::fetch_runner<QCoro::Task<T>> {
  static QCoro::Task<T> run(QCoro::Task<T> task) { return task; }
};

namespace support {

class QtLoop {
 public:
  QtLoop() : application_(count_, arguments_) {}

  /// Runs the loop until it is true.
  template <class IsTrue>
  void run_until(const IsTrue& is_true) {
    while (!is_true()) QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
  }
  /// Runs what is queued.
  void run_queued() { QCoreApplication::processEvents(); }

  /// Has the loop call a function.
  template <class Function>
  void queue(Function function) {
    QMetaObject::invokeMethod(&application_, std::move(function), Qt::QueuedConnection);
  }

 private:
  char name_[5] = "test";
  char* arguments_[2] = {name_, nullptr};
  int count_ = 1;
  QCoreApplication application_;
};

/// Returns what resumes a coroutine on an object's thread.
inline auto post_to(QObject* object) {
  return [object](auto job) { QMetaObject::invokeMethod(object, job, Qt::QueuedConnection); };
}

}  // namespace support

// A small Planka server on a loopback port, with a thread of its own: the routes the client uses, a delay before every
// answer, and misbehaviour on request. What it serves is DemoData's business.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <string_view>
#include <thread>

#include "demo_data.hpp"
#include "demo_failure.hpp"
#include "server_url.hpp"

namespace planka {

class DemoServer {
 public:
  static constexpr std::string_view user = "demo";
  static constexpr std::string_view password = "demo";

  // Listens when it returns. A server that is down from the start refuses connections.
  DemoServer(DemoData data, std::chrono::milliseconds latency, DemoFailure failure);
  DemoServer(const DemoServer&) = delete;
  DemoServer& operator=(const DemoServer&) = delete;
  ~DemoServer();

  ServerUrl url() const;

  // From now on; DemoFailure{} makes it behave again. Down means here: connections are closed without an answer.
  void misbehave(DemoFailure failure) { failure_ = failure; }

 private:
  boost::asio::awaitable<void> listen();
  boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);

  DemoData data_;
  std::chrono::milliseconds latency_;
  std::atomic<DemoFailure> failure_;
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ip::port_type port_ = 0;
  std::thread thread_;
};

}  // namespace planka
